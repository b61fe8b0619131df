/**
 * The contracts over one tenant as doors: the same user made, read, listed and deleted through each, with a
 * credential that may do everything. A further contract of the list is a further door.
 */
import assert from 'node:assert/strict';
import { findDossiers } from '../../src/core/directory/user-dossier.ts';
import { toUserIdText } from '../../src/core/ids.ts';
import { type DoorDescription, type Handles, handlesOf, loadDoors } from '../support/contracts/door.ts';
import type { Ask, Reply } from '../support/server/http.ts';
import type { Admin, Roster, Tenant } from '../support/server/start.ts';

export interface Door extends Pick<DoorDescription, 'idOf' | 'view' | 'isOldestFirst' | 'asker'> {
  /** The contract's name. */
  readonly name: string;
  readonly credential: Ask;
  /** Makes a user through the contract; `mark` makes it unlike others. Returns the user's id there. */
  make(mark: string): Promise<string>;
  read(user: Handles): Promise<Reply>;
  /** The user without the contract's envelope; fails the test where there is none. */
  show(user: Handles): Promise<object>;
  remove(user: Handles): Promise<Reply>;
  /** The ids of the first hundred users in the list, in its order. */
  list(): Promise<readonly unknown[]>;
  /** The number of users that the list tells; null where it tells none. */
  total(): Promise<number | null>;
}

/** The contracts that tests name. */
type KnownName = 'sonar' | 'general' | 'humanapi' | 'organization';

export interface Doors extends Readonly<Record<KnownName, Door>> {
  readonly roster: Roster;
  readonly tenant: Tenant;
  /** The admin whose session reads the directory through `general`; also a user of the directory. */
  readonly admin: Admin;
  /** Every door, in the order of the list of contracts. */
  readonly all: readonly Door[];
  /** All spellings of the user with that id, number or email. */
  identify(reference: string): Promise<Handles>;
}

const descriptions = await loadDoors();

/** The names of all doors. */
export const doorNames: readonly string[] = [...descriptions.keys()];

/** The doors of a tenant; an admin is created for them. */
export async function openDoors(roster: Roster, tenant: Tenant): Promise<Doors> {
  const admin = await roster.addAdmin(tenant);
  const all: Door[] = [];
  for (const [name, description] of descriptions) {
    const credential = await description.credential(tenant, async () => admin);
    all.push(openDoor(roster, name, { root: description.root(tenant), credential, description }));
  }
  const known = (name: KnownName): Door => doorOf(all, name);
  return {
    ...{ roster, tenant, admin, all },
    sonar: known('sonar'),
    general: known('general'),
    humanapi: known('humanapi'),
    organization: known('organization'),
    async identify(reference) {
      const dossiers = await findDossiers(roster.core, reference);
      const dossier = dossiers.find(({ user }) => user.orgKey === tenant.key);
      assert.ok(dossier, `this organization has no user ${reference}`);
      const { id, number } = dossier.user;
      return handlesOf({ userId: toUserIdText(id), number });
    },
  };
}

/** The door of that name; fails the test where there is none. */
export function doorOf(doors: readonly Door[], name: string): Door {
  const door = doors.find((each) => each.name === name);
  assert.ok(door, `there is no contract ${name}`);
  return door;
}

interface Opening {
  readonly root: string;
  readonly credential: Ask;
  readonly description: DoorDescription;
}

function openDoor(roster: Roster, name: string, { root, credential, description }: Opening): Door {
  const { idOf, view, isOldestFirst, asker, pages, items, shown } = description;
  const read = (user: Handles): Promise<Reply> => roster.call(`GET ${root}/${idOf(user)}`, credential);
  const readList = async (): Promise<Reply> => {
    const query = pages === null ? '' : `?${pages.size}=100`;
    const reply = await roster.call(`GET ${root}${query}`, credential);
    assert.equal(reply.status, 200, reply.text);
    return reply;
  };
  return {
    ...{ name, credential, idOf, view, isOldestFirst, asker, read },
    async make(mark) {
      const reply = await roster.call(`POST ${root}`, { ...credential, json: description.post(mark) });
      assert.equal(reply.status, 201, reply.text);
      return String(reply.at(description.made));
    },
    async show(user) {
      const reply = await read(user);
      assert.equal(reply.status, 200, reply.text);
      const found = shown === '' ? reply.body : reply.at(shown);
      assert.ok(typeof found === 'object' && found !== null);
      return found;
    },
    remove: (user) => roster.call(`DELETE ${root}/${idOf(user)}`, credential),
    async list() {
      const reply = await readList();
      const found = items === '' ? reply.body : reply.at(items);
      assert.ok(Array.isArray(found));
      return found.map((item) => Object(item)[description.key]);
    },
    async total() {
      return description.total === null ? null : (await readList()).number(description.total);
    },
  };
}
