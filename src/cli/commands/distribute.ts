/** Distributes the tables of a Citus database over its machines, or says what that would do. */
import { distributeDirectory } from '../../app/distribute.ts';
import { readConfig } from '../../config/config.ts';
import { CommandError, type Handler } from '../command.ts';
import { counted } from '../layout.ts';

export const distribute: Handler = async (invocation) => {
  const { secrets } = readConfig(invocation.env);
  const { databaseUrl } = secrets;
  if (databaseUrl === null) {
    throw new CommandError('the directory is in a file: `roster move` moves it to PostgreSQL first');
  }
  const isDryRun = invocation.find('dry-run') !== undefined;
  const steps = await distributeDirectory({ databaseUrl, isDryRun });
  const done = `${counted(steps.length, 'statement')} ${isDryRun ? 'would run' : 'ran'}.`;
  return {
    json: { steps, isDryRun },
    text:
      steps.length === 0
        ? 'All tables are distributed.'
        : [...steps.map((sql) => `${sql};`), '', done].join('\n'),
  };
};
