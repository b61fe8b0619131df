/**
 * What every hostile test needs: a server with two tenants and people in both, the operations that its documents
 * tell, a credential for each, and a watch over the directory that refused requests must not change.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { readDocuments } from '../support/documents.ts';
import { aProvider, attackedContracts, type DoorDescription, handlesOf, loadDoors } from '../support/door.ts';
import type { Ask, Reply } from '../support/http.ts';
import { type Operation, operationsOf } from '../support/operations.ts';
import { addPerson, type Person } from '../support/people.ts';
import { type Roster, type StartOptions, startRoster } from '../support/start.ts';

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
  /** The door of each contract, by its name. */
  readonly doors: ReadonlyMap<string, DoorDescription>;
  /** The operations of the contracts that are attacked. */
  readonly operations: readonly Operation[];
  /** How the contract of an operation spells a person. */
  spell(operation: Operation, person: Person): string;
  /** The path parameter that names the user, or another resource of the caller; undefined where there is none. */
  subjectOf(operation: Operation): string | undefined;
  /** A user of another tenant. */
  readonly foreign: Person;
  /** Sends a request with a good credential, checks the answer against the document, and that no refusal left a trace. */
  send(operation: Operation, request?: Request): Promise<Reply>;
  /** The request line of an operation with good ids. */
  line(operation: Operation, request?: Request): Promise<string>;
  /** A credential with which the operation succeeds. */
  credential(operation: Operation): Promise<Ask>;
  /** Runs `act`, and fails where it changes the directory. */
  unchanged<T>(act: () => Promise<T>): Promise<T>;
  /** Every contract still answers. */
  assertServes(): Promise<void>;
  close(): Promise<void>;
}

export async function openScene(options: StartOptions = {}): Promise<Scene> {
  const roster = await startRoster({ ...options, env: { ...aProvider, ...options.env } });
  const tenant = roster.organization;
  const foreign = await addPerson(roster, { email: 'foreign@example.com' }, await roster.addOrganization());
  const doors = await loadDoors();
  const attacked = new Set(attackedContracts().map(({ name }) => name));
  const documents = await readDocuments(roster.baseUrl);
  const operations = operationsOf(documents.filter(([name]) => attacked.has(name)));
  const watch = openWatch(roster.folder);

  /** The admin whose session asks, and the user that is asked for. */
  let caller: Person | null = null;
  let target: Person | null = null;
  /** Good values of path parameters that name something else than a user. */
  const others = new Map<string, string>();

  async function credential(operation: Operation): Promise<Ask> {
    if (!operation.needsCredential) return { headers: { 'x-app-id': tenant.app.appId } };
    return credentialAt(doorOf(doors, operation.contract));
  }

  function credentialAt(door: DoorDescription): Promise<Ask> {
    return door.credential(tenant, async () => {
      caller ??= await addPerson(roster, { role: 'admin' });
      return caller;
    });
  }

  /** The operation may have deleted or ended what it was called with, so none of that is used again. */
  function afterSuccess({ method }: Operation): void {
    if (method === 'GET') return;
    caller = null;
    target = null;
    others.clear();
  }

  async function line(
    operation: Operation,
    { path = {}, query = '', method }: Request = {},
  ): Promise<string> {
    target ??= await addPerson(roster);
    const user = target;
    const door = doorOf(doors, operation.contract);
    const good: Record<string, string> =
      door.scope === undefined ? {} : { [door.scope.parameter]: door.scope.value(tenant) };
    for (const [name, make] of Object.entries(door.others ?? {})) {
      if (!operation.path.includes(`{${name}}`)) continue;
      good[name] = others.get(name) ?? (await make(roster, tenant, user));
      others.set(name, good[name]);
    }
    const location = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      return path[name] ?? good[name] ?? String(door.idOf(handlesOf(user)));
    });
    return `${method ?? operation.method} ${location}${query}`;
  }

  async function unchanged<T>(act: () => Promise<T>): Promise<T> {
    await roster.settle();
    const before = watch.state();
    const result = await act();
    assert.equal(watch.state(), before, 'what was refused has changed the directory');
    return result;
  }

  return {
    ...{ roster, doors, operations, foreign, line, credential, unchanged },
    spell: ({ contract }, person) => String(doorOf(doors, contract).idOf(handlesOf(person))),
    subjectOf({ contract, parameters }) {
      const { scope } = doorOf(doors, contract);
      return parameters.find((each) => each.in === 'path' && each.name !== scope?.parameter)?.name;
    },
    async send(operation, request = {}) {
      const asked = await line(operation, request);
      const known = await credential(operation);
      const headers = { ...known.headers, ...request.ask?.headers };
      await roster.settle();
      const before = watch.state();
      const reply = await withinDeadline(asked, roster.call(asked, { ...known, ...request.ask, headers }));
      if (reply.status < 400) afterSuccess(operation);
      else assert.equal(watch.state(), before, `${asked} was refused with ${reply.status} and left a trace`);
      return reply;
    },
    async assertServes() {
      const lists = [...doors.values()].map(async (door) =>
        roster.call(`GET ${door.root(tenant)}`, await credentialAt(door)),
      );
      const replies = await Promise.all([...lists, roster.call('GET /readyz')]);
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

function doorOf(doors: ReadonlyMap<string, DoorDescription>, contract: string): DoorDescription {
  const door = doors.get(contract);
  assert.ok(door, `no door of ${contract}`);
  return door;
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
