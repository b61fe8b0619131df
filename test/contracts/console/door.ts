/** How tests of all contracts call `console`, which makes no users. */

import { createApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { newPrefixedId, parseUserIdText } from '../../../src/core/ids.ts';
import { createApiKey, rotateApiKey } from '../../../src/core/keys/api-key-lifecycle.ts';
import type { PlainDoor } from '../../support/contracts/door.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { type SignedInStaff, staffAsk } from '../../support/server/staff.ts';
import { type Tenant, testDoor } from '../../support/server/start.ts';

/** One owner for each tenant, in one session until it ends. */
const owners = new WeakMap<object, Promise<SignedInStaff>>();

async function signIn({ staff }: Pick<Tenant, 'staff'>): Promise<SignedInStaff> {
  const owner = owners.get(staff) ?? staff('owner');
  owners.set(staff, owner);
  const present = staff('owner', { of: await owner, isSame: true });
  owners.set(staff, present);
  return present;
}

export const door: PlainDoor = {
  root: () => '/console/api/v1/session',
  credential: async (tenant) => (await signIn(tenant)).ask,
  openHeaders: staffAsk(null).headers,
  asker: 'staff',
  pages: null,
  idOf: ({ userId }) => userId,
  others: {
    act: async () => 'end-sessions',
    bulkId: async ({ core, clock }, tenant, { userId }) => {
      const { staffId } = await signIn(tenant);
      const id = newPrefixedId('blk');
      await core.work.change(tenant.key, (tx) =>
        tx.bulkActs.insert(
          {
            ...{
              id,
              act: 'end-sessions',
              value: null,
              madeBy: staffId,
              state: 'running',
              total: 1,
              planned: {},
              changed: 0,
            },
            ...{ failed: {}, createdAt: clock.now() },
          },
          [parseUserIdText(userId) ?? ''],
        ),
      );
      return id;
    },
    keyId: async ({ core }, tenant) => {
      const { key } = await createApiKey(core, testDoor, {
        organization: tenant,
        role: 'reader',
        expiresAt: null,
      });
      // The former key works for a day, so it can be ended.
      await rotateApiKey(core, testDoor, key.id, 24);
      return key.id;
    },
    // The secrets of the first app are those of other doors.
    appId: async ({ core }, tenant) => {
      const { app } = await createApp(core, testDoor, { organization: tenant, name: 'Walks' });
      return app.id;
    },
    erasureId: async (roster, tenant) => {
      const { userId } = await addPerson(roster, {}, tenant);
      const ask = { bearer: tenant.apiKeys.admin };
      const reply = await roster.call(`DELETE /sonar/v1/users/${userId}`, ask);
      await roster.settle();
      return reply.header('x-erasure-id');
    },
    // Another session of the account than that of the caller.
    sessionId: async (_, tenant) => (await tenant.staff('owner', { of: await signIn(tenant) })).sessionId,
    staffId: async (_, { staff }) => (await staff('support')).staffId,
    // An account keeps its last factor, so it gets two.
    passkeyId: async ({ core, clock }, tenant) => {
      const { staffId } = await signIn(tenant);
      const add = async (): Promise<string> => {
        const id = newPrefixedId('pky');
        await core.work.change(tenant.key, (tx) =>
          tx.staffFactors.insertPasskey({
            ...{ id, staffId, credentialId: id, publicKey: 'AA', signs: 0, transports: [], name: 'Key' },
            ...{ isSynced: false, createdAt: clock.now(), usedAt: null },
          }),
        );
        return id;
      };
      await add();
      return add();
    },
  },
  needsSecret: [
    ...['signIn', 'giveTotp', 'giveRecoveryCode', 'beginPasskey', 'givePasskey', 'enrol'],
    ...['beginFreshPasskey', 'giveFreshFactor', 'beginTotp', 'confirmTotp', 'removeTotp'],
    ...['beginNewPasskey', 'addPasskey', 'deletePerson'],
  ],
};
