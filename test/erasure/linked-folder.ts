/**
 * A data folder whose directory is opened and closed as by a server that starts and ends, including the replay of
 * the ledger. It is linked to a provider; time moves and jobs run when the test says so.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Directory, openDirectory } from '../../src/app/open-directory.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Core } from '../../src/core/core.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import type { NewUser, User } from '../../src/core/directory/user.ts';
import { deleteUser, newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import type { Erasure } from '../../src/core/erasure/erasure.ts';
import type { LedgerLine } from '../../src/core/erasure/ledger.ts';
import type { OrgKey } from '../../src/core/ids.ts';
import { finishConnection } from '../../src/core/providers/callback.ts';
import { startConnection } from '../../src/core/providers/user-connections.ts';
import type { Clock } from '../../src/core/time.ts';
import { createProviderHttp } from '../../src/gateways/providers/provider-http.ts';
import { createCompleteErasuresJob } from '../../src/jobs/complete-erasures.ts';
import { createRevokeGrantsJob } from '../../src/jobs/revoke-grants.ts';
import type { Job } from '../../src/jobs/runner.ts';
import { ledgerFile } from '../../src/store/folder/ledger-file.ts';
import { createTestJournal } from '../jobs/deployment.ts';
import type { AuthorizationServer } from '../providers/authorization-server.ts';
import { begin, browser } from '../providers/begin.ts';
import { linkProvider, providerName } from '../providers/linked-provider.ts';
import { createFakeClock, type FakeClock } from '../support/server/clock.ts';

export const secret = 'a-secret-of-the-folders-that-are-under-test';
const hourMs = 3_600_000;
/** Time does not pass by itself in these tests, and pauses are for a machine that also serves. */
const restless = { restMinMs: 0, restsPerPass: 0 };

export interface FolderOptions {
  readonly folder: string;
  readonly databaseUrl?: string | undefined;
  readonly clock: Clock;
}

/** Opens the directory of a folder as every process does. */
export function openFolder({ folder, databaseUrl, clock }: FolderOptions): Promise<Directory> {
  const { config, secrets } = readConfig({
    ROSTER_DATA_DIR: folder,
    ROSTER_SECRET: secret,
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  });
  return openDirectory({ config, secrets, clock });
}

export interface Running {
  readonly core: Core;
  readonly directory: Directory;
  /** Lets the user come back from the provider with a grant. */
  connect(user: User): Promise<User>;
  /** A user with an active connection. */
  connectUser(traits?: Partial<NewUser>): Promise<User>;
  addUser(traits?: Partial<NewUser>): Promise<User>;
  /** Deletes the user; the id of the erasure. */
  erase(user: User): Promise<string>;
  erasureOf(id: string): Promise<Erasure | null>;
  isThere(user: User): Promise<boolean>;
  /** Runs the jobs once. */
  work(): Promise<void>;
  /** Moves time and runs the jobs until the erasure is complete, or until so many hours have passed. */
  workOff(id: string, hours?: number): Promise<void>;
  close(): Promise<void>;
}

export interface LinkedFolder {
  readonly folder: string;
  readonly databaseUrl: string | undefined;
  readonly clock: FakeClock;
  readonly orgKey: OrgKey;
  readonly operator: { readonly kind: 'operator'; readonly door: 'test'; readonly orgKey: OrgKey };
  /** Opens the directory; the former one is closed, or its process is dead. */
  start(): Promise<Running>;
  /** Every complete line of the ledger. */
  ledger(): Promise<readonly LedgerLine[]>;
  remove(): Promise<void>;
}

export interface Link {
  readonly server: AuthorizationServer;
  /** The URL of the provider for Roster; the server itself unless given. */
  readonly url?: string;
  readonly endsReusedGrants?: boolean;
  /** How long Roster waits for an answer of the provider, in milliseconds; the usual time unless given. */
  readonly patienceMs?: () => number;
}

/** Makes one organization in a new folder, or in the one that is given, which is empty. */
export async function makeLinkedFolder(
  link: Link,
  databaseUrl?: string,
  given?: string,
): Promise<LinkedFolder> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'roster-erasure-')));
  const clock = createFakeClock();
  const options = { folder, databaseUrl, clock };
  const first = await openFolder(options);
  const { organization, app } = await createOrganization(first.core, 'test', 'Default');
  await first.close();
  const orgKey = organization.key;
  const operator = { kind: 'operator', door: 'test', orgKey } as const;
  return {
    ...{ folder, databaseUrl, clock, orgKey, operator },
    async start() {
      return run(await openFolder(options), { link, clock, orgKey, operator, appId: app.id });
    },
    async ledger() {
      const text = await readFile(join(folder, ledgerFile), 'utf8');
      return text.split('\n').flatMap((line): LedgerLine[] => {
        const value = parse(line);
        return 'kind' in value ? [value as LedgerLine] : [];
      });
    },
    async remove() {
      if (given === undefined) await rm(folder, { recursive: true });
    },
  };
}

/** The provider, as a process gives it to its core. */
function providersOf({ server, url = server.url, ...link }: Link, clock: Clock): Core['providers'] {
  const { endsReusedGrants = true, patienceMs } = link;
  const common = createProviderHttp({ isInsecureAllowed: true });
  const http = { ...common, ...(patienceMs && { deadline: () => AbortSignal.timeout(patienceMs()) }) };
  return linkProvider({ serverUrl: server.url, proxyUrl: url, clock, http, endsReusedGrants });
}

function run(
  directory: Directory,
  at: {
    readonly link: Link;
    readonly clock: FakeClock;
    readonly orgKey: OrgKey;
    readonly operator: LinkedFolder['operator'];
    readonly appId: string;
  },
): Running {
  const { link, clock, orgKey, operator } = at;
  const core: Core = { ...directory.core, providers: providersOf(link, clock) };
  const journal = createTestJournal();
  const jobs = [createRevokeGrantsJob(core, journal), createCompleteErasuresJob(core, journal, restless)];
  const running: Running = {
    core,
    directory,
    addUser: (traits = {}) =>
      core.work.change(orgKey, (tx) => tx.users.insert({ ...newUserOf(at.appId, clock.now()), ...traits })),
    connectUser: async (traits) => running.connect(await running.addUser(traits)),
    async connect(user) {
      const asked = { user: { id: user.id }, provider: providerName, returnTo: 'page' } as const;
      const { authUrl } = await startConnection(core, operator, asked);
      const callback = await link.server.authorize(await begin(core, authUrl));
      const outcome = await finishConnection(core, {
        door: 'connect',
        parameters: callback.searchParams,
        browser,
      });
      if (outcome.kind !== 'connected') throw new Error(`the user was not connected: ${outcome.kind}`);
      return user;
    },
    erase: async ({ id }) => (await deleteUser(core, operator, { ref: { id } })).erasureId,
    erasureOf: (id) => core.work.read(orgKey, (tx) => tx.erasures.find(id)),
    isThere: async ({ id }) => (await core.work.read(orgKey, (tx) => tx.users.find({ id }))) !== null,
    async work() {
      for (const job of jobs) await runOnce(job);
      const [fault] = journal.faults;
      if (fault !== undefined) throw fault;
    },
    async workOff(id, hours = 7 * 24) {
      for (let hour = 0; hour < hours; hour += 1) {
        await running.work();
        if ((await running.erasureOf(id))?.state === 'complete') return;
        clock.advance(hourMs);
      }
    },
    close: () => directory.close(),
  };
  return running;
}

export async function runOnce(job: Job): Promise<void> {
  await job.run();
  await job.finish?.();
}

function parse(line: string): object {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}
