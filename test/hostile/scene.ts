/**
 * The common parts of the hostile tests: a server with two tenants and users in both, the operations of the
 * contracts, a credential for each, and a watch that a refused request does not change the directory.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { readDocuments } from '../support/contracts/documents.ts';
import {
  aProvider,
  attackedContracts,
  fillPath,
  handlesOf,
  loadAllDoors,
  type PlainDoor,
} from '../support/contracts/door.ts';
import { type Operation, operationsOf } from '../support/contracts/operations.ts';
import { addPerson, type Person } from '../support/contracts/people.ts';
import type { Ask, Reply } from '../support/server/http.ts';
import { type Roster, type StartOptions, startRoster } from '../support/server/start.ts';

/** Longer than any request here takes; a request that hangs fails the test by it. */
export const deadlineMs = 30_000;

/** The parts in which requests of one operation differ. */
export interface Request {
  /** Values of the path's parameters, percent-encoded; valid ones unless given. */
  readonly path?: Readonly<Record<string, string>>;
  /** With its question mark. */
  readonly query?: string;
  readonly method?: string;
  readonly ask?: Ask;
}

export interface Scene {
  readonly roster: Roster;
  /** The door of each contract, by its name. */
  readonly doors: ReadonlyMap<string, PlainDoor>;
  /** The operations of the contracts that are attacked. */
  readonly operations: readonly Operation[];
  /** How the contract of an operation spells a person. */
  spell(operation: Operation, person: Person): string;
  /** The path parameter that names the user, or another resource of the caller; undefined where there is none. */
  subjectOf(operation: Operation): string | undefined;
  /** A user of another tenant. */
  readonly foreign: Person;
  /**
   * Sends a request with a valid credential, checks the answer against the document, and checks that a refusal
   * changed nothing.
   */
  send(operation: Operation, request?: Request): Promise<Reply>;
  /** The request line of an operation with valid ids. */
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
  const doors = await loadAllDoors();
  const attacked = new Set(attackedContracts().map(({ name }) => name));
  const documents = await readDocuments(roster.baseUrl);
  const operations = operationsOf(documents.filter(([name]) => attacked.has(name)));
  const watch = openWatch(roster.folder);

  /** The admin whose session is used, and the user in the path. */
  let caller: Person | null = null;
  let target: Person | null = null;
  /** Good values of path parameters that name something else than a user. */
  const others = new Map<string, string>();

  async function credential(operation: Operation): Promise<Ask> {
    const door = doorOf(doors, operation.contract);
    if (!operation.needsCredential) {
      return { headers: { ...door.openHeaders, 'x-app-id': tenant.app.appId } };
    }
    return credentialAt(door);
  }

  function credentialAt(door: PlainDoor): Promise<Ask> {
    return door.credential(tenant, async () => {
      caller ??= await addPerson(roster, { role: 'admin' });
      return caller;
    });
  }

  /** The operation may have deleted the user or ended the session, so neither is used again. */
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
    const context = { roster, tenant, user: target, known: others };
    const location = await fillPath(doorOf(doors, operation.contract), operation.path, context, path);
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
      // Five wrong passwords of the owner end the session, so the next request has another one.
      if (JSON.stringify(request.ask ?? {}).includes('current_password')) caller = null;
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

function doorOf(doors: ReadonlyMap<string, PlainDoor>, contract: string): PlainDoor {
  const door = doors.get(contract);
  assert.ok(door, `no door of ${contract}`);
  return door;
}

/**
 * Tables that a refused request may change, because tries are counted, and tables that jobs change in the
 * background.
 */
const counters = new Set([
  'throttle_hits',
  'login_failures',
  'confirmation_codes',
  'erasures',
  'receipt_keys',
  // Receipts wait here until they are in the ledger.
  'unwritten_receipts',
  'erasure_ledgers',
  // Events move from one table to the other, and are counted.
  'audit_archive',
  'audit_lists',
  'audit_counts',
  // Every so many events mark the organization for the job that archives them.
  'job_marks',
  // A job adds up what was refused in a day.
  'day_totals',
  // The index of the search follows the users.
  'search_blocks',
  'search_leaves',
  'search_changes',
]);

/** Columns of other tables that count tries, or tell when a key was used. */
const countingColumns = new Set([
  'sessions.wrong_passwords',
  ...['used_at', 'network', 'former_used_at'].map((column) => `api_keys.${column}`),
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
  const selects = tables.map((table) => {
    const columns = database
      .prepare<[string], { name: string }>('select name from pragma_table_info(?)')
      .all(table)
      .flatMap(({ name }) => (countingColumns.has(`${table}.${name}`) ? [] : [`"${name}"`]));
    // Reads by keys and refused attempts are counted behind the answers.
    const text =
      table === 'audit_events'
        ? 'select id from audit_events where tally is null union select id from audit_archive where tally is null'
        : `select ${columns} from "${table}"`;
    return database.prepare<[], unknown>(text).raw();
  });
  let known: { version: unknown; state: string } = { version: null, state: '' };
  return {
    state() {
      // SQLite changes this number when another connection commits, so most calls cost nothing.
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
