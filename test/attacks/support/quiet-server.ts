/**
 * A server without jobs, which does nothing but answer, and counters of what an answer costs: password hashes, statements,
 * commits, composed messages and sealed or opened texts. A test runs the jobs by hand.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCore } from '../../../src/app/open-directory.ts';
import { readConfig } from '../../../src/config/config.ts';
import type { Environment } from '../../../src/config/environment.ts';
import { contracts } from '../../../src/contracts/index.ts';
import type { Core } from '../../../src/core/core.ts';
import { createOrganization } from '../../../src/core/directory/organization-lifecycle.ts';
import type { NewUser, User } from '../../../src/core/directory/user.ts';
import { newUserOf } from '../../../src/core/directory/user-lifecycle.ts';
import type { OrgKey } from '../../../src/core/ids.ts';
import { outboxSender } from '../../../src/gateways/outbox-sender.ts';
import { createServer } from '../../../src/http/server/server.ts';
import { defaultHttpSettings } from '../../../src/http/settings.ts';
import { createAnswerPasswordRequestsJob } from '../../../src/jobs/answer-password-requests.ts';
import type { Journal } from '../../../src/jobs/journal.ts';
import { createSendMessagesJob } from '../../../src/jobs/send-messages.ts';
import { SqliteConnection } from '../../../src/store/sqlite/connection.ts';
import { createFakeClock, type FakeClock } from '../../support/server/clock.ts';

/** What was done since the last `take`. */
export interface Work {
  readonly hashes: number;
  readonly statements: number;
  /** Those that changed a row. */
  readonly commits: number;
  readonly messages: number;
  readonly seals: number;
}

export interface Counters {
  take(): Work;
}

export interface QuietServer {
  readonly core: Core;
  readonly clock: FakeClock;
  readonly orgKey: OrgKey;
  readonly folder: string;
  readonly origin: string;
  readonly counters: Counters;
  addUser(values?: Partial<NewUser>): Promise<User>;
  /** Answers requests for reset links, then sends the messages. */
  runJobs(): Promise<void>;
  close(): Promise<void>;
}

const quiet: Journal = { note: () => {}, warn: () => {}, fault: () => {} };

const byNetwork = ['SIGNUP', 'SESSION', 'CONFIRMATION', 'PASSWORD', 'EMAIL_CHECK', 'GUESSES', 'PAGE'];
const limits = [...byNetwork, 'ADDRESS_HOUR', 'ADDRESS_DAY', 'ACCOUNT_HOUR'];
const unlimited = Object.fromEntries(limits.map((name) => [`ROSTER_LIMIT_${name}`, '1000000']));

/** Hashes cost what the standard says, or with `isCheap` as little as argon2 can. */
export async function startQuietServer(
  env: Environment,
  { isCheap } = { isCheap: false },
): Promise<QuietServer> {
  const folder = await mkdtemp(join(tmpdir(), 'roster-quiet-'));
  const settings = { HOST: '127.0.0.1', PORT: '0', ROSTER_LOG_LEVEL: 'silent', ROSTER_DATA_DIR: folder };
  const clock = createFakeClock();
  const { config, secrets } = readConfig({ ...settings, ...unlimited, ...env });
  const {
    core,
    address,
    close: closeDirectory,
  } = await openCore({
    ...{ config, secrets, clock },
    ...(isCheap ? { hashWork: { memory: 8, passes: 1, parallelism: 1 } } : {}),
  });
  const { organization, app } = await createOrganization(core, 'test', 'Default');
  const server = createServer({
    core,
    contracts,
    fallback: 'organization',
    settings: { ...defaultHttpSettings, ...config },
    publicUrl: () => address.publicUrl,
    logger: { request: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    readiness: async () => true,
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  address.listensAt(origin);
  const senders = { sms: outboxSender, email: outboxSender };
  const answering = createAnswerPasswordRequestsJob(core, quiet, { waitMsMax: 0 });
  const sending = createSendMessagesJob({ ...core, senders, outbox: outboxSender, journal: quiet });
  async function runJobs(): Promise<void> {
    while (await answering.run());
    // A server wakes this job only where a message was queued.
    const { queued } = await core.work.readSystem('operator', (tx) => tx.messages.summarize());
    if (queued === 0) return;
    while (await sending.run());
    await sending.finish?.();
  }
  return {
    ...{ core, clock, origin, folder, orgKey: organization.key },
    counters: countWork(core),
    addUser: (values = {}) =>
      core.work.change(organization.key, (tx) =>
        tx.users.insert({ ...newUserOf(app.id, clock.now()), ...values }),
      ),
    runJobs,
    async close() {
      await server.close();
      await closeDirectory();
      await rm(folder, { recursive: true });
    },
  };
}

/** Counts, from now on, in this process. */
function countWork(core: Core): Counters {
  const none: Work = { hashes: 0, statements: 0, commits: 0, messages: 0, seals: 0 };
  const counts: { -readonly [Kind in keyof Work]: number } = { ...none };
  const { hasher, composer, secrets } = core;
  countCalls(hasher, ['hash', 'verify'], () => counts.hashes++);
  countCalls(composer, ['compose'], () => counts.messages++);
  countCalls(secrets, ['seal', 'open'], () => counts.seals++);
  const connection = SqliteConnection.prototype;
  for (const name of ['first', 'rows', 'run', 'insert'] as const) {
    const inner: (...input: never[]) => unknown = connection[name];
    Object.defineProperty(connection, name, {
      value(this: SqliteConnection, ...input: never[]) {
        counts.statements += 1;
        return inner.apply(this, input);
      },
    });
  }
  const { control } = connection;
  const changes = new WeakMap<object, number>();
  connection.control = function (this: SqliteConnection, word: string) {
    control.call(this, word);
    if (word !== 'commit') return;
    // A commit that changed no row does not wait for the disk.
    const changed = Number(this.db.prepare('select total_changes()').pluck().get());
    if (changed > (changes.get(this.db) ?? 0)) counts.commits += 1;
    changes.set(this.db, changed);
  };
  return {
    take() {
      const taken = { ...counts };
      Object.assign(counts, none);
      return taken;
    },
  };
}

function countCalls(parts: object, names: readonly string[], count: () => void): void {
  for (const name of names) {
    const inner: (...input: unknown[]) => unknown = Reflect.get(parts, name);
    Reflect.set(parts, name, (...input: unknown[]) => {
      count();
      return inner.apply(parts, input);
    });
  }
}
