/** Where a directory is kept, in words for people. The address of a database may hold names and a password: neither is shown. */
import type { Config, Secrets } from '../config/config.ts';

export interface Place {
  readonly kind: 'Data folder' | 'Database';
  readonly at: string;
}

export function placeOf(
  { dataDir }: Pick<Config, 'dataDir'>,
  { databaseUrl }: Pick<Secrets, 'databaseUrl'>,
): Place {
  if (databaseUrl === null) return { kind: 'Data folder', at: dataDir };
  const { host, pathname } = new URL(databaseUrl);
  return { kind: 'Database', at: `postgres://${host}${pathname}` };
}
