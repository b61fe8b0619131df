/**
 * What every hostile test needs: a server with two tenants and people in both, the operations that its documents
 * tell, a credential for each, and a watch over the directory that refused requests must not change.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Ask, Reply } from '../support/http.ts';
import { addPerson, bareId, type Person } from '../support/people.ts';
import { type Roster, type StartOptions, startRoster } from '../support/start.ts';
import { type Operation, readOperations } from './operations.ts';

/** Longer than anything here may take; a hang fails the test by it. */
export const deadlineMs = 10_000;

/** What tells the requests of one operation apart. */
export interface Request {
  /** Values of the path's parameters, percent-encoded; a good one each unless given. */
  readonly path?: Readonly<Record<string, string>>;
  /** With its question mark. */
  readonly query?: string;
  readonly method?: string;
  readonly ask?: Ask;
}

export interface Scene {
  readonly roster: Roster;
  readonly operations: readonly Operation[];
  /** A user of another tenant. */
  readonly foreign: Person;
  /** Sends a request with a good credential, checks the answer against the document, and that no refusal left a trace. */
  send(operation: Operation, request?: Request): Promise<Reply>;
  /** The request line of an operation with good ids. */
  line(operation: Operation, request?: Request): Promise<string>;
  /** The headers of a good credential. */
  credential(operation: Operation): Promise<Readonly<Record<string, string>>>;
  /** Runs `act`, and fails where it changes the directory. */
  unchanged<T>(act: () => Promise<T>): Promise<T>;
  /** Every contract still answers. */
  assertServes(): Promise<void>;
  close(): Promise<void>;
}

/** The one that the documents' examples name. */
const aProvider = {
  ROSTER_PROVIDER_FITBIT_CLIENT_ID: 'client',
  ROSTER_PROVIDER_FITBIT_CLIENT_SECRET: 'client-secret',
};

export async function openScene(options: StartOptions = {}): Promise<Scene> {
  const roster = await startRoster({ ...options, env: { ...aProvider, ...options.env } });
  const tenant = roster.organization;
  const foreign = await addPerson(roster, { email: 'foreign@example.com' }, await roster.addOrganization());
  const operations = await readOperations(roster.baseUrl);
  const watch = openWatch(roster.folder);

  /** Who asks by session, and whom is asked for. */
  let caller: Person | null = null;
  let target: Person | null = null;
  let deviceId: string | null = null;
  /** Of somebody who is gone, which no operation changes. */
  let erasureId: string | null = null;

  async function credential(operation: Operation): Promise<Record<string, string>> {
    switch (operation.credential) {
      case null:
        return { 'x-app-id': tenant.app.appId };
      case 'bearer':
        return { authorization: `Bearer ${tenant.apiKeys.admin}` };
      case 'basic':
        return { authorization: `Basic ${Buffer.from(`${tenant.app.appKey}:`).toString('base64')}` };
      case 'session':
        caller ??= await addPerson(roster, { role: 'admin' });
        return { 'x-user-token': caller.session };
    }
  }

  /** Whoever an operation may have ended is not used again. */
  function afterSuccess({ method }: Operation): void {
    if (method === 'GET') return;
    caller = null;
    target = null;
    deviceId = null;
  }

  async function line(
    operation: Operation,
    { path = {}, query = '', method }: Request = {},
  ): Promise<string> {
    target ??= await addPerson(roster);
    const good: Record<string, string> = { appId: tenant.app.appId };
    if (operation.path.includes('{device_id}')) good['device_id'] = deviceId ??= await addDevice(target);
    if (operation.path.includes('{erasure_id}')) good['erasure_id'] = erasureId ??= await eraseSomebody();
    const user = spell(operation, target);
    const place = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      return path[name] ?? good[name] ?? user;
    });
    return `${method ?? operation.method} ${place}${query}`;
  }

  async function addDevice({ userId }: Person): Promise<string> {
    const device = await roster.call(`POST /sonar/v1/users/${userId}/devices`, {
      bearer: tenant.apiKeys.admin,
      json: { provider: 'fitbit' },
    });
    return device.string('data.id');
  }

  async function eraseSomebody(): Promise<string> {
    const { userId } = await addPerson(roster);
    const erased = await roster.call(`DELETE /sonar/v1/users/${userId}`, { bearer: tenant.apiKeys.admin });
    return erased.header('x-erasure-id');
  }

  async function unchanged<T>(act: () => Promise<T>): Promise<T> {
    await roster.settle();
    const before = watch.state();
    const result = await act();
    assert.equal(watch.state(), before, 'what was refused has changed the directory');
    return result;
  }

  return {
    ...{ roster, operations, foreign, line, credential, unchanged },
    async send(operation, request = {}) {
      const asked = await line(operation, request);
      const headers = { ...(await credential(operation)), ...request.ask?.headers };
      await roster.settle();
      const before = watch.state();
      const reply = await withinDeadline(asked, roster.call(asked, { ...request.ask, headers }));
      if (reply.status < 400) afterSuccess(operation);
      else assert.equal(watch.state(), before, `${asked} was refused with ${reply.status} and left a trace`);
      return reply;
    },
    async assertServes() {
      const bearer = tenant.apiKeys.reader;
      const { appId, appKey } = tenant.app;
      const { session } = await addPerson(roster);
      const replies = await Promise.all([
        roster.call('GET /sonar/v1/users', { bearer }),
        roster.call('GET /general/v1/users', { session }),
        roster.call(`GET /humanapi/v1/apps/${appId}/users`, { appKey }),
        roster.call('GET /organization/api/v1/users', { bearer }),
        roster.call('GET /readyz'),
      ]);
      assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
    },
    async close() {
      watch.close();
      await roster.close();
    },
  };
}

/** Rejects where the promise does not settle in time. */
export async function withinDeadline<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} has no answer after ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The user's id as the operation's contract writes it. */
export function spell({ contract }: Operation, { userId, number }: Person): string {
  if (contract === 'general') return String(number);
  return contract === 'humanapi' ? bareId(userId) : userId;
}

/** What a refused request may move, for tries are counted; and what jobs move in their own time. */
const counters = new Set([
  'throttle_hits',
  'login_failures',
  'confirmation_codes',
  'erasures',
  'receipt_keys',
  'erasure_ledgers',
]);

interface Watch {
  /** The same text for the same content of the directory. */
  state(): string;
  close(): void;
}

function openWatch(folder: string): Watch {
  const [name = ''] = readdirSync(folder).filter((each) => /\.(db|sqlite)$/.test(each));
  const database = new Database(join(folder, name), { readonly: true });
  const tables = database
    .prepare<[], { name: string }>(
      "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
    )
    .all()
    .map((row) => row.name)
    .filter((table) => !counters.has(table));
  const selects = tables.map((table) => database.prepare<[], unknown>(`select * from "${table}"`).raw());
  let known: { version: unknown; state: string } = { version: null, state: '' };
  return {
    state() {
      // SQLite moves this number when another connection has committed, so most looks cost nothing.
      const version = database.pragma('data_version', { simple: true });
      if (known.version !== version) {
        known = { version, state: JSON.stringify(selects.map((select) => select.all())) };
      }
      return known.state;
    },
    close() {
      database.close();
    },
  };
}
