/** Moves the directory in the data folder to a PostgreSQL database, and compares every table afterwards. */
import { moveDirectory } from '../../app/open-directory.ts';
import { readConfig } from '../../config/config.ts';
import { readDatabaseAddress } from '../../core/deployment/database-address.ts';
import { CommandError, type Handler } from '../command.ts';
import { counted, table } from '../layout.ts';
import { ProgressBar } from '../transfer/progress-bar.ts';

export const move: Handler = async (invocation) => {
  const { DATABASE_URL: _, ...env } = invocation.env;
  const { config } = readConfig(env);
  const databaseUrl = invocation.get('to');
  if (readDatabaseAddress(databaseUrl) === null) {
    throw new CommandError('--to must be the URL of a database: postgres://user:password@host:5432/name');
  }
  const startedAt = performance.now();
  const bar = new ProgressBar();
  const tables = await moveDirectory({
    config,
    databaseUrl,
    onAdvance: (rows, total) => bar.show({ share: rows / Math.max(1, total), text: counted(rows, 'row') }),
  }).finally(() => bar.clear());
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const rows = tables.map((each) => [each.table, each.rows.toLocaleString('en'), each.digest.slice(0, 16)]);
  return {
    json: { tables, seconds },
    text: [
      table(['table', 'rows', 'digest'], rows, ''),
      '',
      `Moved in ${seconds} s; every table was read back and is equal.`,
      'Now start Roster with DATABASE_URL set to that database, and with the same secret.',
    ].join('\n'),
  };
};
