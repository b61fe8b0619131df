/** Copies of the database: `backup` writes one, also while a server runs; `restore` replaces the database by one. */
import { backUpDirectory, type RestorePlan, restoreDirectory } from '../../app/backup.ts';
import { hasDirectory } from '../../app/lost-directory.ts';
import type { DirectoryOptions } from '../../app/open-directory.ts';
import { verifyBackup } from '../../app/verify-backup.ts';
import { type Config, readConfig } from '../../config/config.ts';
import { CommandError, type Handler } from '../command.ts';
import { confirm } from '../confirm.ts';
import { bold, counted, secondsSince } from '../layout.ts';

export const backup: Handler = async ({ env, argument, find }) => {
  const { config, secrets } = readConfig(env);
  if (find('verify-only') !== undefined) {
    const verified = await verify({ config, secrets }, argument);
    return { ...verified, json: { file: argument, ...verified.json } };
  }
  if (!hasDirectory(config, secrets)) throw new CommandError(`there is no directory in ${config.dataDir}`);
  const startedAt = performance.now();
  const { bytes, isRecorded } = await backUpDirectory({ config, secrets }, argument);
  const seconds = secondsSince(startedAt);
  const verified = find('verify') === undefined ? null : await verify({ config, secrets }, argument);
  return {
    json: { file: argument, bytes, seconds, ...verified?.json },
    text: [
      `${argument}: ${bytes.toLocaleString('en')} bytes in ${seconds} s.`,
      ...(verified === null ? [] : [verified.text]),
    ].join('\n'),
    notes: [
      'the backup does not contain the secret and the ledger of erasures: back them up separately',
      ...(isRecorded
        ? []
        : [
            'the audit log does not have this backup: the database is of another version, or cannot be written',
          ]),
    ],
    isFailure: verified?.isFailure ?? false,
  };
};

async function verify(options: DirectoryOptions, file: string) {
  const startedAt = performance.now();
  const { organizations, users, erased, problems } = await verifyBackup(options, file);
  const isSound = problems.length === 0;
  const found = `${counted(users, 'user')} in ${counted(organizations, 'organization')}`;
  return {
    json: { verified: isSound, organizations, users, erased, problems },
    text: isSound
      ? `Verified in ${secondsSince(startedAt)} s: restored into a scratch folder it is sound, with ${found}; ${erased} were erased again.`
      : [bold('The backup is not sound: do not rely on it.'), ...problems].join('\n'),
    isFailure: !isSound,
  };
}

export const restore: Handler = async (invocation) => {
  const { config, secrets } = readConfig(invocation.env);
  let restored = 0;
  const replay = await restoreDirectory({ config, secrets }, invocation.argument, async (plan) => {
    restored = plan.users;
    return confirm(invocation, questionOf(plan, config));
  });
  if (replay === null) throw new CommandError('cancelled: nothing was changed');
  const { erased, remembered } = replay;
  const users = restored - erased;
  return {
    json: { users, erased, remembered },
    text: [
      `${config.dataDir} now has the database of ${invocation.argument}, with ${counted(users, 'user')}.`,
      ...(erased === 0
        ? []
        : [`Erased again: ${counted(erased, 'user')} that had been erased after the backup.`]),
    ].join('\n'),
    notes: [
      'keys, sessions and passwords are those of the backup: revoke again those that were revoked after it',
    ],
  };
};

function questionOf({ users, present }: RestorePlan, { dataDir }: Config): string {
  const replaced = present === null ? 'The content of' : `The directory with ${counted(present, 'user')} in`;
  return `${replaced} ${dataDir} will be replaced by a directory with ${counted(users, 'user')}.`;
}
