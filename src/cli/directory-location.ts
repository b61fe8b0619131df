/** Where a directory is stored, in words for people. Never includes the user and password of a database URL. */
import type { Config, Secrets } from '../config/config.ts';
import { readDatabaseAddress } from '../core/deployment/database-address.ts';

export interface DirectoryLocation {
  readonly kind: 'Data folder' | 'Database';
  /** The path of the folder, or the URL of the database with hosts and name alone. */
  readonly at: string;
}

export function locationOf(
  { dataDir }: Pick<Config, 'dataDir'>,
  { databaseUrl }: Pick<Secrets, 'databaseUrl'>,
): DirectoryLocation {
  if (databaseUrl === null) return { kind: 'Data folder', at: dataDir };
  const { hosts = [], database = '' } = readDatabaseAddress(databaseUrl) ?? {};
  return { kind: 'Database', at: `postgres://${hosts.join()}/${database}` };
}
