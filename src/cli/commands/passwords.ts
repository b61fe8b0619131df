/** Builds the file in which breached passwords are searched, from a list of SHA-1 hashes. */
import { buildBreachedFile, HashLineError } from '../../app/password-lists.ts';
import { readConfig } from '../../config/config.ts';
import { CommandError, type Handler } from '../command.ts';
import { counted, secondsSince } from '../layout.ts';
import { reasonOf, refuseExisting } from '../transfer/private-file.ts';
import { ProgressBar } from '../transfer/progress-bar.ts';

export const build: Handler = async (invocation) => {
  const { argument: from } = invocation;
  const { config } = readConfig(invocation.env);
  const to = invocation.find('out') ?? config.breachedPasswords ?? `${from.replace(/\/+$/, '')}.breached`;
  const replaces = invocation.find('force') !== undefined;
  if (!replaces) await refuseExisting(to);
  const startedAt = performance.now();
  const bar = new ProgressBar();
  try {
    const { hashes, bytes } = await buildBreachedFile({
      ...{ from, to, replaces },
      onProgress: ({ share, hashes: read }) => bar.show({ share, text: counted(read, 'password') }),
    });
    const seconds = secondsSince(startedAt);
    return {
      json: { file: to, hashes, bytes, seconds },
      text: `${to}: ${counted(hashes, 'password')}, ${bytes.toLocaleString('en')} bytes in ${seconds} s.`,
      notes: [`set ROSTER_BREACHED_PASSWORDS=${to} and restart the server`],
    };
  } catch (error) {
    if (error instanceof HashLineError) throw new CommandError(`${from}: ${error.message}`);
    throw new CommandError(`${to} cannot be built: ${reasonOf(error)}`);
  } finally {
    bar.clear();
  }
};
