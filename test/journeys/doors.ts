/**
 * The four contracts over one tenant as four doors: the same user made, read, listed and deleted through each,
 * with a credential that may do everything there.
 */
import assert from 'node:assert/strict';
import { findDossiers } from '../../src/core/directory/user-dossier.ts';
import { toUserIdText } from '../../src/core/ids.ts';
import type { Reply } from '../support/http.ts';
import type { Admin, Roster, Tenant } from '../support/start.ts';

export const doorNames = ['sonar', 'general', 'humanapi', 'organization'] as const;
export type DoorName = (typeof doorNames)[number];

/** One user in every spelling. */
export interface Handles {
  /** `usr_` and 32 hex digits. */
  readonly userId: string;
  readonly humanId: string;
  readonly number: number;
}

export interface Door {
  /** Makes a user with what the contract asks for; `mark` makes it unlike others. Gives the user's id there. */
  make(mark: string): Promise<string>;
  read(user: Handles): Promise<Reply>;
  /** The user without the contract's envelope; fails the test where there is none. */
  show(user: Handles): Promise<object>;
  remove(user: Handles): Promise<Reply>;
  /** The ids of the first hundred users in the list, in its order. */
  list(): Promise<readonly unknown[]>;
  /** The user's id in this contract's spelling. */
  idOf(user: Handles): string | number;
}

export interface Doors extends Readonly<Record<DoorName, Door>> {
  readonly roster: Roster;
  readonly tenant: Tenant;
  /** By whom the directory is seen through `general`; a user of the directory too. */
  readonly admin: Admin;
  /** All spellings of the user that any of them, or an email, names. */
  identify(reference: string): Promise<Handles>;
}

export const strongPassword = 'four-doors-one-house-7';

/** The doors of a tenant, who gets an admin for it. */
export async function openDoors(roster: Roster, tenant: Tenant): Promise<Doors> {
  const admin = await roster.addAdmin(tenant);
  const bearer = tenant.apiKeys.admin;
  const { appId, appKey } = tenant.app;
  const { session } = admin;

  const sonar = door({
    root: '/sonar/v1/users',
    credential: { bearer },
    post: (mark) => ({ reference_id: mark }),
    made: 'data.id',
    shown: 'data',
    items: 'data',
    key: 'id',
    size: '?per_page=100',
    idOf: ({ userId }) => userId,
  });
  const general = door({
    root: '/general/v1/users',
    credential: { session, headers: { 'x-app-id': appId } },
    post: (mark) => ({
      user: { email: `${mark}@example.com`, password: strongPassword, first_name: 'Jo', last_name: mark },
    }),
    made: 'id',
    shown: '',
    items: 'users',
    key: 'id',
    size: '?page_size=100',
    idOf: ({ number }) => number,
  });
  const humanapi = door({
    root: `/humanapi/v1/apps/${appId}/users`,
    credential: { appKey },
    post: (mark) => ({ externalId: mark }),
    made: 'humanId',
    shown: '',
    items: '',
    key: 'humanId',
    size: '',
    idOf: ({ humanId }) => humanId,
  });
  const organization = door({
    root: '/organization/api/v1/users',
    credential: { bearer },
    post: (mark) => ({ email: `${mark}@example.com`, name: `Jo ${mark}` }),
    made: 'id',
    shown: '',
    items: 'data',
    key: 'id',
    size: '?limit=100',
    idOf: ({ userId }) => userId,
  });

  function door(about: {
    readonly root: string;
    readonly credential: Parameters<Roster['call']>[1];
    readonly post: (mark: string) => unknown;
    readonly made: string;
    readonly shown: string;
    readonly items: string;
    readonly key: string;
    readonly size: string;
    readonly idOf: Door['idOf'];
  }): Door {
    const { root, credential, idOf } = about;
    const read = (user: Handles): Promise<Reply> => roster.call(`GET ${root}/${idOf(user)}`, credential);
    return {
      idOf,
      read,
      async make(mark) {
        const reply = await roster.call(`POST ${root}`, { ...credential, json: about.post(mark) });
        assert.equal(reply.status, 201, reply.text);
        return String(reply.at(about.made));
      },
      async show(user) {
        const reply = await read(user);
        assert.equal(reply.status, 200, reply.text);
        const shown = about.shown === '' ? reply.body : reply.at(about.shown);
        assert.ok(typeof shown === 'object' && shown !== null);
        return shown;
      },
      remove: (user) => roster.call(`DELETE ${root}/${idOf(user)}`, credential),
      async list() {
        const reply = await roster.call(`GET ${root}${about.size}`, credential);
        assert.equal(reply.status, 200, reply.text);
        const items = about.items === '' ? reply.body : reply.at(about.items);
        assert.ok(Array.isArray(items));
        return items.map((item) => Object(item)[about.key]);
      },
    };
  }

  return {
    ...{ roster, tenant, admin, sonar, general, humanapi, organization },
    async identify(reference) {
      const dossiers = await findDossiers(roster.core, reference);
      const dossier = dossiers.find(({ user }) => user.orgKey === tenant.key);
      assert.ok(dossier, `${reference} is nobody here`);
      const { id, number } = dossier.user;
      return { userId: toUserIdText(id), humanId: id, number };
    },
  };
}
