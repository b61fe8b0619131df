/**
 * What tests of all contracts must know of one contract beyond its routes: how a client of it makes, reads, lists and
 * spells users; or, where it makes no users (`PlainDoor`), only how it is called. Each contract of the list has a door at `test/contracts/<name>/door.ts`; the tests across contracts and
 * the hostile tests load it from there, and fail where a contract has none.
 */
import { contracts } from '../../../src/contracts/index.ts';
import type { Contract } from '../../../src/http/contract.ts';
import type { Ask } from '../server/http.ts';
import type { Roster, Tenant } from '../server/start.ts';
import { bareId, type Person } from './people.ts';

/** One user in every spelling. */
export interface Handles {
  /** `usr_` and 32 hex digits. */
  readonly userId: string;
  readonly humanId: string;
  readonly number: number;
}

/** What a test has said of a user, or the directory's defaults. */
export interface Facts {
  readonly reference: string | null;
  readonly timezone: string;
  readonly email: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly name: string | null;
  readonly phone: string | null;
  readonly dateOfBirth: string | null;
  readonly language: string;
  readonly role: string;
  readonly status: string;
  readonly isClinical: boolean;
  readonly isConfirmed: boolean;
  readonly scoreStatus: string;
}

export interface PlainDoor {
  /** A path with the contract's prefix that answers a GET: that of the list of users where there is one. A single user is one segment below it. */
  root(tenant: Tenant): string;
  /** A credential that may do everything; `admin` makes a person with the role and a session, where one is needed. */
  credential(tenant: Tenant, admin: () => Promise<{ readonly session: string }>): Promise<Ask>;
  /** What a client sends with a call that needs no credential, beside the app. */
  readonly openHeaders?: Readonly<Record<string, string>>;
  /** The kind of principal that the credential belongs to. */
  readonly asker: 'api_key' | 'app' | 'user' | 'staff';
  /** The query parameters of the list; null where it has no pages. */
  readonly pages: { readonly page: string; readonly size: string } | null;
  /** The user's id as this contract spells it. */
  idOf(user: Handles): string | number;
  /** The path parameter that names the caller's own part of the directory, and its value. */
  readonly scope?: { readonly parameter: string; value(tenant: Tenant): string };
  /** A good value of each path parameter that names something else than a user. */
  readonly others?: Readonly<
    Record<string, (roster: Roster, tenant: Tenant, user: Pick<Person, 'userId'>) => Promise<string>>
  >;
  /** Bodies for requests on a user, by operation, where the document's example is not what a test wants to send. */
  readonly bodies?: Readonly<Record<string, unknown>>;
  /** Operations that succeed only with a code, a token, a password or a secret that the client was given. */
  readonly needsSecret?: readonly string[];
}

/** The door of a contract that makes, reads and lists users. */
export interface DoorDescription extends PlainDoor {
  /** The body that makes a user; `mark` makes it unlike others. */
  post(mark: string): unknown;
  /** The dotted path of the new user's id in the answer to a creation. */
  readonly made: string;
  /** The dotted path of the user in the answer to a read; empty where it is the whole answer. */
  readonly shown: string;
  /** The dotted path of the users in the answer to a list; empty where they are the whole answer. */
  readonly items: string;
  /** The name of the id in an item of the list. */
  readonly key: string;
  /** The dotted path of the exact number of users in the answer to a list; null where the list does not tell. */
  readonly total: string | null;
  readonly isOldestFirst: boolean;
  /** A user as a read shows one, keys in the document's order; made at 12:00:00.123 on 2 March 2026. */
  view(user: Handles, facts: Facts, at: { readonly tenant: Tenant; readonly publicUrl: string }): object;
}

/** When the user of `view` was made, in whole seconds and in milliseconds. */
export const madeAt = { second: '2026-03-02T12:00:00Z', millisecond: '2026-03-02T12:00:00.123Z' };

/** Settings that switch on the provider that the documents' examples name. */
export const aProvider = {
  ROSTER_PROVIDER_FITBIT_CLIENT_ID: 'client',
  ROSTER_PROVIDER_FITBIT_CLIENT_SECRET: 'client-secret',
};

export const strongPassword = 'four-doors-one-house-7';

/** The door of each contract, in the order of the list. */
export async function loadAllDoors(): Promise<ReadonlyMap<string, PlainDoor | DoorDescription>> {
  const doors = new Map<string, PlainDoor | DoorDescription>();
  for (const { name } of contracts) {
    const { door }: { door: PlainDoor | DoorDescription } = await import(`../../contracts/${name}/door.ts`);
    doors.set(name, door);
  }
  return doors;
}

/** The door of each contract that makes users, in the order of the list. */
export async function loadDoors(): Promise<ReadonlyMap<string, DoorDescription>> {
  const all = await loadAllDoors();
  return new Map([...all].flatMap(([name, door]) => ('post' in door ? [[name, door] as const] : [])));
}

/** The contracts that hostile tests attack: all of the list, or those that `ROSTER_TEST_CONTRACTS` names. */
export function attackedContracts(): readonly Contract[] {
  const names = process.env['ROSTER_TEST_CONTRACTS']?.split(',');
  return names === undefined ? contracts : contracts.filter(({ name }) => names.includes(name));
}

/** The spellings of a person. */
export function handlesOf({ userId, number }: Pick<Person, 'userId' | 'number'>): Handles {
  return { userId, humanId: bareId(userId), number };
}

/** What the path parameters of an operation may need. */
export interface PathContext {
  readonly roster: Roster;
  readonly tenant: Tenant;
  /** The user that the path names, in the door's spelling. */
  readonly user: Pick<Person, 'userId' | 'number'>;
  /** Values of parameters that name something else than a user, made before; what is made now is added. */
  readonly known?: Map<string, string>;
}

/** The path with valid values of all parameters; `chosen` replaces some of them, percent-encoded. */
export async function fillPath(
  door: PlainDoor,
  path: string,
  { roster, tenant, user, known = new Map<string, string>() }: PathContext,
  chosen: Readonly<Record<string, string>> = {},
): Promise<string> {
  const values: Record<string, string> = {};
  if (door.scope !== undefined) values[door.scope.parameter] = door.scope.value(tenant);
  for (const [name, make] of Object.entries(door.others ?? {})) {
    if (!path.includes(`{${name}}`)) continue;
    const value = known.get(name) ?? (await make(roster, tenant, user));
    known.set(name, value);
    values[name] = value;
  }
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    return chosen[name] ?? values[name] ?? String(door.idOf(handlesOf(user)));
  });
}
