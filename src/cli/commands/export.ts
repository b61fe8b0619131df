/** Writes the users of an organization to a file or to standard output, in the format that an import reads. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { operatorAt } from '../../core/access/principal.ts';
import { getOrganization } from '../../core/directory/organization-lifecycle.ts';
import { exportUsers } from '../../core/transfer/export.ts';
import { type Outcome, UsageError } from '../command.ts';
import { counted } from '../layout.ts';
import { choiceOf, door, onDirectory } from '../operator.ts';
import { PrivateFile } from '../transfer/private-file.ts';
import { ProgressBar } from '../transfer/progress-bar.ts';
import { formatOf, formats } from '../transfer/row-cutter.ts';
import { createUserLines } from '../transfer/user-lines.ts';

/** The names of standard output. The system's names would be opened like a file that exists. */
const standardOutput: ReadonlySet<string> = new Set(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

export const exportAll = onDirectory(async ({ core }, invocation): Promise<Outcome> => {
  const path = invocation.find('out') ?? '-';
  const toStdout = standardOutput.has(path);
  if (toStdout && invocation.find('json') !== undefined) {
    throw new UsageError('--json needs --out FILE: the users go to standard output', 'export');
  }
  const organization = await getOrganization(core, invocation.get('org'));
  const format = choiceOf(invocation, 'format', formats) ?? formatOf(path) ?? 'csv';
  const principal = operatorAt(door, organization.key);
  const batches = await exportUsers(core, principal, { appId: invocation.find('app') ?? null });
  const replaces = invocation.find('force') !== undefined;
  const file = toStdout ? null : await PrivateFile.create(path, { replaces });
  const lines = createUserLines(format, {
    hasHashes: invocation.find('with-password-hashes') !== undefined,
    isForTerminal: file?.isTerminal ?? process.stdout.isTTY,
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
    await (file === null ? writeOut(texts()) : writeFile(file, texts()));
  } finally {
    bar.clear();
  }
  const seconds = Math.round(performance.now() - beganAt) / 1_000;
  return {
    json: { exported, seconds },
    text: toStdout ? '' : `${counted(exported, 'user')} exported in ${seconds} s`,
  };
});

async function writeFile(file: PrivateFile, texts: AsyncIterable<string>): Promise<void> {
  try {
    for await (const text of texts) await file.write(text);
    await file.keep();
  } catch (error) {
    await file.drop();
    throw error;
  }
}

/** A reader such as `head` may close the pipe before the end; that is not a failure. */
async function writeOut(texts: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(texts), process.stdout, { end: false });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
