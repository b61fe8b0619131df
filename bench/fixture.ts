/**
 * The fixture: the directory that is measured, with one organization of so many users. The store inserts them in bulk, as
 * an import does.
 *
 * A kept fixture is created once and grows when a run needs more users. A measurement never changes it: each run works
 * on a copy. A file holds the ids, 16 bytes each, in random order. So a process that draws users does not need to hold the
 * ids as texts, and any range of the file is a random sample of the users.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDirectory } from '../src/app/open-directory.ts';
import { readConfig } from '../src/config/config.ts';
import type { Core } from '../src/core/core.ts';
import { initialise } from '../src/core/directory/organization-lifecycle.ts';
import type { NewUser } from '../src/core/directory/user.ts';
import { newUserOf } from '../src/core/directory/user-lifecycle.ts';
import { SearchIndexer } from '../src/core/search/search-blocks.ts';
import type { Databases } from './databases.ts';
import { note } from './note.ts';
import { personOf } from './people.ts';

/** The accounts that have a password: `login-0@example.com` and so on. */
export const accounts = 250;
export const accountPassword = 'correct horse battery';

/** The file that is kept beside the users. */
interface State {
  readonly users: number;
  readonly orgId: string;
  readonly orgKey: number;
  readonly appId: string;
  readonly appKey: string;
  readonly apiKey: string;
}

export interface Fixture extends State {
  /** The environment with which a command of Roster works on the fixture. */
  readonly env: Readonly<Record<string, string>>;
  /** The file of ids. */
  readonly ids: string;
  /** A folder for the files that a measurement writes. */
  readonly scratch: string;
}

const usersAtOnce = 4_000;
const idBytes = 16;

/** Prepares a fixture, runs `work` with it, and removes the copy. `keep` is the folder of a kept fixture, or null. */
export async function withFixture<T>(
  { users, keep, databases }: { users: number; keep: string | null; databases: Databases },
  work: (fixture: Fixture) => Promise<T>,
): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'roster-bench-'));
  try {
    const place = keep ?? join(scratch, 'made');
    const database = await databases.open('roster_bench');
    const state = await grow(place, users, database);
    if (keep === null) return await work({ ...state, ...placesIn(place, database), scratch });
    const copy = join(scratch, 'copy');
    note('copying the directory');
    await cp(place, copy, { recursive: true, mode: constants.COPYFILE_FICLONE });
    // Pending writes of the operating system would delay the first commits.
    await promisify(execFile)('sync');
    const copied = await databases.copy('roster_bench', `roster_bench_${process.pid}`);
    try {
      return await work({ ...state, ...placesIn(copy, copied), scratch });
    } finally {
      await databases.drop(`roster_bench_${process.pid}`);
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function placesIn(folder: string, database: string | null): Pick<Fixture, 'env' | 'ids'> {
  return {
    ids: join(folder, 'ids.bin'),
    env: {
      ROSTER_DATA_DIR: join(folder, 'data'),
      ROSTER_LOG_LEVEL: 'error',
      ...(database === null ? {} : { DATABASE_URL: database }),
    },
  };
}

/** Creates the directory in a folder, or adds users to it until it has so many. */
async function grow(folder: string, users: number, database: string | null): Promise<State> {
  await mkdir(folder, { recursive: true });
  const { env, ids } = placesIn(folder, database);
  const stateFile = join(folder, 'fixture.json');
  const known: State | null = JSON.parse(await readFile(stateFile, 'utf8').catch(() => 'null'));
  if (known !== null && known.users >= users) {
    if (known.users > users) throw new Error(`the fixture in ${folder} already has ${known.users} users`);
    return known;
  }
  note(`creating a directory of ${users.toLocaleString('en')} users`);
  const directory = await openDirectory(readConfig(env));
  try {
    const { core } = directory;
    const begun = known ?? { ...(await found(core)), users: 0 };
    for (let made = begun.users; made < users; ) {
      const count = Math.min(usersAtOnce, users - made);
      await appendFile(ids, await addUsers(core, begun, made, count));
      made += count;
    }
    const state = { ...begun, users };
    note('building the search blocks');
    // Otherwise the server that is measured builds them.
    await new SearchIndexer(core).complete(null);
    await shuffle(ids);
    await writeFile(stateFile, JSON.stringify(state));
    return state;
  } finally {
    await directory.close();
  }
}

async function found(core: Core): Promise<Omit<State, 'users'>> {
  const { organization, app, appKey, apiKey } = await initialise(core, 'bench', 'Bench');
  return { orgId: organization.id, orgKey: organization.key, appId: app.id, appKey, apiKey };
}

/** Adds users in one transaction; returns their ids as bytes. */
async function addUsers(core: Core, { orgKey, appId }: State, first: number, count: number): Promise<Buffer> {
  const hash = first === 0 ? await core.hasher.hash(accountPassword) : null;
  const users = Array.from({ length: count }, (_, at): NewUser => {
    const number = first + at;
    const isAccount = number < accounts;
    return {
      ...newUserOf(appId, core.clock.now()),
      ...personOf(number),
      ...(isAccount ? { email: `login-${number}@example.com`, status: 'active', passwordHash: hash } : {}),
    };
  });
  const outcomes = await core.work.change(orgKey, (tx) => tx.users.insertAll(users));
  return Buffer.concat(
    outcomes.map((outcome) => {
      if (!('id' in outcome)) throw new Error('a user of the fixture exists already');
      return Buffer.from(outcome.id, 'hex');
    }),
  );
}

/** The id of a user. Deletions take ids from the start of the file, so this is the last one. */
export async function anyUser({ ids }: Pick<Fixture, 'ids'>): Promise<string> {
  return (await readFile(ids)).subarray(-idBytes).toString('hex');
}

async function shuffle(file: string): Promise<void> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  const spare = Buffer.alloc(idBytes);
  for (let left = bytes.length / idBytes; left > 1; left--) {
    const last = (left - 1) * idBytes;
    const drawn = Math.floor(Math.random() * left) * idBytes;
    bytes.copy(spare, 0, last, last + idBytes);
    bytes.copy(bytes, last, drawn, drawn + idBytes);
    spare.copy(bytes, drawn);
  }
  await writeFile(file, bytes);
}
