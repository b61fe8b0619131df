/**
 * Starts all of Roster in the process of the test: a real server on a free port, a real database in a temporary
 * folder, and the development outbox. Only the clock is fake: it stands still until a test advances it. A suite starts
 * its server with `setUpRoster` (see `set-up.ts`).
 *
 *     const roster = await startRoster();
 *     after(() => roster.close());
 *     const { apiKeys, app } = roster.organization;
 *     const reply = await roster.call('POST /sonar/v1/users', { bearer: apiKeys.admin });
 *
 * `call` checks every answer against the published OpenAPI documents (see `openapi-check.ts`). A test checks the
 * consequences of a call with a ledger (see `ledger.ts`), and sends concurrent calls with `parallel.ts`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '../../../src/app/create-app.ts';
import { readConfig } from '../../../src/config/config.ts';
import type { Environment } from '../../../src/config/environment.ts';
import type { KeyRole, StaffRole } from '../../../src/core/access/principal.ts';
import type { Core } from '../../../src/core/core.ts';
import type { Organization } from '../../../src/core/directory/organization.ts';
import { createAdmin, createOrganization } from '../../../src/core/directory/organization-lifecycle.ts';
import { toUserIdText } from '../../../src/core/ids.ts';
import { createApiKey } from '../../../src/core/keys/api-key-lifecycle.ts';
import { type Message, type MessageContent, messageContext } from '../../../src/core/messaging/message.ts';
import type { Logger } from '../../../src/http/log.ts';
import { withCoverage } from '../contracts/coverage.ts';
import { readDocuments } from '../contracts/documents.ts';
import { createOpenApiCheck, type OpenApiCheck, type OpenApiDocument } from '../contracts/openapi-check.ts';
import type { OwnDatabase } from '../postgres/postgres.ts';
import { openPostgresRows } from '../postgres/postgres-rows.ts';
import { createFakeClock, type FakeClock } from './clock.ts';
import { type Client, createClient } from './http.ts';
import { createMigratedDatabase, placeDatabase } from './prepared.ts';
import { type AnyRows, openRows } from './rows.ts';
import { type SignedInStaff, type StaffOptions, signInStaff } from './staff.ts';

/** The door in the audit events of the changes that the tests make as the operator. */
export const testDoor = 'test';

export interface StartOptions {
  /** Settings by their names in the environment. The limits by network, address and account are very high unless they are set here. */
  readonly env?: Environment;
  /** The clock; by default one that stands still. */
  readonly clock?: FakeClock;
  /** The data folder, which `close` keeps; by default a new folder that `close` removes. */
  readonly folder?: string;
  /** Whether password hashes cost what they cost in service, for tests that measure it; by default they are cheap. */
  readonly hasStandardHashes?: true;
  /** Gets the lines of the log; by default there are none. */
  readonly logger?: Logger;
}

/** An organization with the credentials of its clients. */
export interface Tenant extends Organization {
  /** The organization's first app. */
  readonly app: { readonly appId: string; readonly appKey: string; readonly clientSecret: string };
  readonly apiKeys: Readonly<Record<KeyRole, string>>;
  /** Creates a staff account with that role and a session whose second factor is fresh, unless `isStale`. */
  staff(role: StaffRole, options?: StaffOptions): Promise<SignedInStaff>;
}

/** A message as its receiver sees it. */
export interface Delivered
  extends MessageContent,
    Pick<Message, 'id' | 'channel' | 'template' | 'createdAt'> {}

export interface Roster extends Pick<Client, 'call' | 'open' | 'seen' | 'baseUrl'> {
  readonly client: Client;
  readonly core: Core;
  readonly clock: FakeClock;
  readonly folder: string;
  /** The rows of the tables, on either database. */
  readonly rows: AnyRows;
  /** The tenant that the start creates. */
  readonly organization: Tenant;
  /** Creates another tenant. */
  addOrganization(name?: string): Promise<Tenant>;
  /** Creates a confirmed, active admin with a session. */
  addAdmin(tenant?: Tenant, email?: string): Promise<Admin>;
  /** The messages in the outbox, newest first. First waits until all due messages are sent. */
  outbox(to?: string): Promise<readonly Delivered[]>;
  /** The newest message to that address; fails the test if there is none. */
  lastMessage(to: string): Promise<Delivered>;
  /** Resolves when the jobs have no due work left. */
  settle(): Promise<void>;
  /** Registers a function that `close` calls. */
  onClose(closing: () => void): void;
  close(): Promise<void>;
}

export interface Admin {
  /** `usr_` and 32 hex digits. */
  readonly userId: string;
  readonly number: number;
  readonly email: string;
  readonly password: string;
  /** A session token. */
  readonly session: string;
}

export const adminPassword = 'a-quiet-harbour-41';

const openEnvironment: Environment = {
  HOST: '127.0.0.1',
  PORT: '0',
  ROSTER_LOG_LEVEL: 'silent',
  // On a busy machine the queue of hashes is slow; the tests of its wait have their own.
  ROSTER_HASH_WAIT_SECONDS: '60',
  ROSTER_LIMIT_SIGNUP: '1000000',
  ROSTER_LIMIT_SESSION: '1000000',
  ROSTER_LIMIT_CONFIRMATION: '1000000',
  ROSTER_LIMIT_PASSWORD: '1000000',
  ROSTER_LIMIT_EMAIL_CHECK: '1000000',
  ROSTER_LIMIT_CONNECT: '1000000',
  ROSTER_LIMIT_PAGE: '1000000',
  ROSTER_LIMIT_ADDRESS_HOUR: '1000000',
  ROSTER_LIMIT_ADDRESS_DAY: '1000000',
  ROSTER_LIMIT_ACCOUNT_HOUR: '1000000',
};

/** The least work that argon2 has: a test makes many accounts, and few judge the price of a password. */
export const cheapHashes = { memory: 8, passes: 1, parallelism: 1 };

export async function startRoster(options: StartOptions = {}): Promise<Roster> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'roster-test-')));
  const clock = options.clock ?? createFakeClock();
  const named = options.env?.['DATABASE_URL'];
  const database = isOnPostgres && named === undefined ? await databaseOf(folder) : null;
  const databaseUrl = named ?? database?.url;
  if (databaseUrl === undefined && options.folder === undefined) await placeDatabase(folder);
  const { config, secrets } = readConfig({
    ...openEnvironment,
    ROSTER_DATA_DIR: folder,
    DATABASE_URL: databaseUrl,
    // Several deployments may share the database that a test names, and then they share the secret.
    ...(named === undefined ? {} : { ROSTER_SECRET: 'a-secret-of-processes-on-one-database' }),
    ...options.env,
  });
  const app = await createApp({
    ...{ config, secrets, clock },
    ...(options.hasStandardHashes ? {} : { hashWork: cheapHashes }),
    ...(options.logger === undefined ? {} : { logger: options.logger }),
  });
  const baseUrl = await app.listen();
  const { core } = app;
  const rows = databaseUrl === undefined ? openRows(folder) : openPostgresRows(databaseUrl);
  const closings: (() => void)[] = [() => rows.close()];
  const client = createClient(baseUrl, publishedCheck(baseUrl));

  async function addOrganization(name = 'Meadow Clinic'): Promise<Tenant> {
    const made = await createOrganization(core, testDoor, name);
    const { organization, app: first, appKey, clientSecret, apiKey } = made;
    const issue = async (role: KeyRole): Promise<string> =>
      (await createApiKey(core, testDoor, { organization, role, expiresAt: null })).apiKey;
    return {
      ...organization,
      app: { appId: first.id, appKey, clientSecret },
      apiKeys: { admin: apiKey, member: await issue('member'), reader: await issue('reader') },
      staff: (role, options) => signInStaff(core, organization.key, role, options),
    };
  }

  async function outbox(to?: string): Promise<readonly Delivered[]> {
    await settle(rows);
    const messages = await core.work.readSystem('operator', (tx) => tx.messages.listWithContent(10_000));
    const delivered = messages.map((message) => deliver(core, message));
    return to === undefined ? delivered : delivered.filter((each) => each.to === to);
  }

  const organization = await addOrganization('Default');
  return {
    ...{ client, baseUrl, core, clock, folder, rows, organization, addOrganization, outbox },
    call: client.call,
    open: client.open,
    seen: client.seen,
    settle: () => settle(rows),
    async addAdmin(tenant = organization, email = `admin-${crypto.randomUUID()}@example.com`) {
      const input = { organization: tenant, email, password: adminPassword };
      const { user, token } = await createAdmin(core, testDoor, input);
      const userId = toUserIdText(user.id);
      return { userId, number: user.number, email, password: adminPassword, session: token };
    },
    async lastMessage(to) {
      const [newest] = await outbox(to);
      if (newest === undefined) throw new Error(`the outbox has no message to ${to}`);
      return newest;
    },
    onClose(closing) {
      closings.push(closing);
    },
    async close() {
      client.close();
      for (const closing of closings) closing();
      await app.close();
      if (options.folder !== undefined) return;
      await rm(folder, { recursive: true, force: true });
      await database?.drop();
    },
  };
}

let isOnPostgres = false;

/** From this call on, every server starts on PostgreSQL. */
export function startOnPostgres(): void {
  isOnPostgres = true;
}

/** Whether every server starts on PostgreSQL. */
export function startsOnPostgres(): boolean {
  return isOnPostgres;
}

const databases = new Map<string, OwnDatabase>();

/** The address of the database that belongs to a data folder; undefined for none in PostgreSQL. */
export function databaseUrlOf(folder: string): string | undefined {
  return databases.get(folder)?.url;
}

/** The database that belongs to a data folder: a second start on the folder finds the same data. */
export async function databaseOf(folder: string): Promise<OwnDatabase> {
  const database = databases.get(folder) ?? (await createMigratedDatabase());
  databases.set(folder, database);
  return database;
}

function deliver(core: Core, message: Message): Delivered {
  const { id, channel, template, createdAt, sealedContent } = message;
  const content: MessageContent = JSON.parse(core.secrets.open(sealedContent ?? '', messageContext(message)));
  return { ...content, id, channel, template, createdAt };
}

const settleMaxMs = 60_000;

/** Waits until no job has due work left. The jobs run by themselves. */
async function settle(rows: AnyRows): Promise<void> {
  const deadline = performance.now() + settleMaxMs;
  while (await isBusy(rows)) {
    if (performance.now() > deadline) throw new Error('the jobs did not finish their due work');
    await sleep(5);
  }
}

/**
 * The development outbox stores every message at the first attempt, so none stays queued. An erasure that waits for a
 * provider does not count as busy.
 */
async function isBusy(rows: AnyRows): Promise<boolean> {
  if ((await rows.count('password_requests')) > 0) return true;
  if ((await rows.count('messages', "state = 'queued'")) > 0) return true;
  return (await rows.count('erasures', unfinished)) > 0;
}

const unfinished = `state <> 'complete' and (sealed_traces is not null or not exists (
  select 1 from revocations
  where revocations.org_key = erasures.org_key and erasure_id = erasures.id
    and revocations.state in ('pending', 'overdue')))`;

/** The check against the documents that this server publishes. The first call fetches them. */
function publishedCheck(baseUrl: string): () => Promise<OpenApiCheck> {
  let check: Promise<OpenApiCheck> | null = null;
  return () => {
    check ??= readPublishedCheck(baseUrl);
    return check;
  };
}

/** By the text of the documents: the servers of one process usually publish the same ones. */
const knownChecks = new Map<string, OpenApiCheck>();

async function readPublishedCheck(baseUrl: string): Promise<OpenApiCheck> {
  const texts = await readDocuments(baseUrl);
  const key = JSON.stringify(texts);
  const documents = texts.map(([name, text]): [string, OpenApiDocument] => [name, JSON.parse(text)]);
  const check = knownChecks.get(key) ?? withCoverage(createOpenApiCheck(new Map(documents)), documents);
  knownChecks.set(key, check);
  return check;
}
