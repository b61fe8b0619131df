/** Migrates the database, for deployments that do so before they start the new version. */
import { counted } from '../layout.ts';
import { onAnyDirectory } from '../operator.ts';

export const migrate = onAnyDirectory(async ({ applied, version }) => ({
  json: { applied, version },
  text:
    applied === 0
      ? `The database is up to date, at version ${version}.`
      : `The database is at version ${version}; ${counted(applied, 'migration')} ran.`,
}));
