/** Writes the users of an organization to a file or to standard output, in the format that an import reads. */
import { getOrganization } from '../../core/directory/organization-lifecycle.ts';
import { exportUsers } from '../../core/transfer/export.ts';
import type { Outcome } from '../command.ts';
import { counted } from '../layout.ts';
import { choiceOf, onDirectory, operatorOf } from '../operator.ts';
import { openOutput, readOutput } from '../transfer/output.ts';
import { ProgressBar } from '../transfer/progress-bar.ts';
import { formatOf, formats } from '../transfer/row-cutter.ts';
import { createUserLines } from '../transfer/user-lines.ts';

export const exportAll = onDirectory(async ({ core }, invocation): Promise<Outcome> => {
  const place = readOutput(invocation, 'export', 'users');
  const organization = await getOrganization(core, invocation.get('org'));
  const format = choiceOf(invocation, 'format', formats) ?? formatOf(place.path ?? '-') ?? 'csv';
  const principal = operatorOf(organization.key);
  const batches = await exportUsers(core, principal, { appId: invocation.find('app') ?? null });
  const output = await openOutput(place);
  const lines = createUserLines(format, {
    hasHashes: invocation.find('with-password-hashes') !== undefined,
    isForTerminal: output.isTerminal,
  });
  const bar = new ProgressBar();
  const beganAt = performance.now();
  let exported = 0;
  const texts = async function* (): AsyncGenerator<string> {
    yield lines.head;
    for await (const users of batches) {
      let text = '';
      for (const user of users) text += lines.toLine(user);
      yield text;
      exported += users.length;
      bar.show({ share: null, text: counted(exported, 'user') });
    }
  };
  try {
    await output.write(texts());
  } finally {
    bar.clear();
  }
  const seconds = Math.round(performance.now() - beganAt) / 1_000;
  return {
    json: { exported, seconds },
    text: place.path === null ? '' : `${counted(exported, 'user')} exported in ${seconds} s`,
  };
});
