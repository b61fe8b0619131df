/** Distributes the tables of a Citus database over its machines, or says what that would do. */
import {
  type DistributeDirectoryOptions,
  distributeDirectory,
  IsolationError,
} from '../../app/distribute.ts';
import { readConfig } from '../../config/config.ts';
import { CommandError, type Handler, type Invocation, UsageError } from '../command.ts';
import { counted } from '../layout.ts';

export const distribute: Handler = async (invocation) => {
  const { secrets } = readConfig(invocation.env);
  const { databaseUrl } = secrets;
  if (databaseUrl === null) {
    throw new CommandError('the directory is in a file: `roster move` moves it to PostgreSQL first');
  }
  const isDryRun = invocation.find('dry-run') !== undefined;
  const steps = await run({ databaseUrl, isDryRun, ...isolationOf(invocation) });
  const done = `${counted(steps.length, 'statement')} ${isDryRun ? 'would run' : 'ran'}.`;
  const isIsolated = invocation.find('isolate') !== undefined;
  const nothing = isIsolated ? 'The organization has its own shard there.' : 'All tables are distributed.';
  return {
    json: { steps, isDryRun },
    text: steps.length === 0 ? nothing : [...steps.map((sql) => `${sql};`), '', done].join('\n'),
  };
};

function isolationOf({ find, command }: Invocation): Pick<DistributeDirectoryOptions, 'isolate'> {
  const [organization, to, block] = [find('isolate'), find('to'), find('block-writes')];
  if (organization !== undefined) {
    return { isolate: { organization, to: to ?? null, blocksWrites: block !== undefined } };
  }
  if (to !== undefined || block !== undefined) {
    throw new UsageError(`--${to === undefined ? 'block-writes' : 'to'} needs --isolate`, command);
  }
  return {};
}

async function run(options: DistributeDirectoryOptions): Promise<readonly string[]> {
  try {
    return await distributeDirectory(options);
  } catch (error) {
    throw error instanceof IsolationError ? new CommandError(error.message) : error;
  }
}
