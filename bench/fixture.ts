/**
 * Makes an organization of so many users, through the store, as an import would: in a fresh data folder, or in the
 * PostgreSQL database that the environment names.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDirectory } from '../src/app-directory.ts';
import { readConfig } from '../src/config.ts';
import { initialise, type NewOrganization } from '../src/core/directory/organization-lifecycle.ts';
import { newUserOf } from '../src/core/directory/user-lifecycle.ts';

export interface Fixture {
  readonly dataDir: string;
  readonly credentials: NewOrganization;
  /** The ids of every user, in the order of creation. */
  readonly userIds: readonly string[];
}

const usersAtOnce = 5_000;

/** The folder is the caller's to remove. */
export async function makeFixture(users: number): Promise<Fixture> {
  const dataDir = await mkdtemp(join(tmpdir(), 'roster-bench-'));
  const { config, secrets } = readConfig({
    DATABASE_URL: process.env['DATABASE_URL'],
    ROSTER_DATA_DIR: dataDir,
    ROSTER_LOG_LEVEL: 'error',
  });
  const directory = await openDirectory({ config, secrets });
  const credentials = await initialise(directory.core, 'bench', 'Bench');
  const { orgKey, id: appId } = credentials.app;
  const userIds: string[] = [];
  while (userIds.length < users) {
    const count = Math.min(usersAtOnce, users - userIds.length);
    await directory.core.work.change(orgKey, async (tx) => {
      for (let made = 0; made < count; made++) {
        const number = userIds.length;
        const user = await tx.users.insert({
          ...newUserOf(appId, directory.core.clock.now()),
          externalId: `person-${number}`,
          email: `person-${number}@example.com`,
          firstName: 'Jordan',
          lastName: `Example ${number}`,
        });
        userIds.push(user.id);
      }
    });
  }
  await directory.close();
  return { dataDir, credentials, userIds };
}
