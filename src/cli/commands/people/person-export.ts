/** Exports all data of one person into a folder, and verifies such an export. */
import { rmdir } from 'node:fs/promises';
import { exportPerson } from '../../../core/person-export/export-person.ts';
import { type ManifestFault, manifestFile, verifyManifest } from '../../../core/person-export/manifest.ts';
import type { Handler, Outcome } from '../../command.ts';
import { counted } from '../../layout.ts';
import { findUser } from '../../one-user.ts';
import { onOrganizations, operatorOf } from '../../operator.ts';
import { readKeys } from '../../public-keys.ts';
import { readTextFile } from '../../text-file.ts';
import { compareFiles, createFolder, type FileFault, writeFiles } from '../../transfer/person-files.ts';

export const exportOne = onOrganizations(async (directory, invocation): Promise<Outcome> => {
  const { core } = directory;
  const folder = invocation.get('out');
  const { organization, user } = await findUser(directory, invocation, invocation.argument);
  const principal = operatorOf(organization.key);
  await createFolder(folder);
  const { id, pieces } = await exportPerson(core, principal, user.id).catch(async (error: unknown) => {
    await rmdir(folder);
    throw error;
  });
  const files = await writeFiles(folder, pieces);
  return {
    json: { id, folder, files },
    text: `${counted(files.length, 'file')} in ${folder}. Verify them with \`roster user verify-export ${folder}/${manifestFile}\`.`,
  };
});

export const verifyExport: Handler = async (invocation) => {
  const path = invocation.argument;
  const result = verifyManifest(await readTextFile(path), await readKeys(invocation));
  if ('fault' in result) {
    return {
      json: { valid: false, reason: result.fault },
      text: `Not valid: ${faultTexts[result.fault]}.`,
      isFailure: true,
    };
  }
  const { claims, kid } = result;
  const files = await compareFiles(path, claims);
  if (files.length > 0) {
    const said = files.map(({ file, fault }) => `${file} ${fileTexts[fault]}`);
    return {
      json: { valid: false, reason: 'files', files },
      text: `Not valid: ${said.join('; ')}.`,
      isFailure: true,
    };
  }
  const { organization, iss, user_id: userId, exported_at: exportedAt } = claims;
  return {
    json: { valid: true, kid, claims },
    text: [
      `Valid, signed with ${kid}: ${counted(claims.files.length, 'file')} about ${userId},`,
      `exported at ${exportedAt} by ${organization.name} (${iss}).`,
    ].join(' '),
  };
};

const faultTexts: Readonly<Record<ManifestFault, string>> = {
  malformed: 'this is not the manifest of an export',
  unknown_key: 'it is signed with none of these keys',
  bad_signature: 'it was changed after it was signed',
  not_as_signed: 'what it shows is not what was signed',
};

const fileTexts: Readonly<Record<FileFault['fault'], string>> = {
  missing: 'is missing or cannot be read',
  changed: 'was changed',
  not_in_manifest: 'is not in the manifest',
};
