/** If admins of an organization delete, cancel or demote each other at the same time, one active admin stays. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ask } from '../support/server/http.ts';
import { callAtOnce, statusCounts } from '../support/server/parallel.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import type { Admin, Tenant } from '../support/server/start.ts';

const path = '/general/v1/users';

interface Attack {
  readonly title: string;
  readonly call: (target: Admin, session: string) => readonly [line: string, ask: Ask];
  readonly success: number;
}

const attacks: readonly Attack[] = [
  {
    title: 'demote',
    call: ({ number }, session) => [`PUT ${path}/${number}`, { session, json: { user: { role: 'parent' } } }],
    success: 200,
  },
  {
    title: 'cancel',
    call: ({ number }, session) => [`POST ${path}/${number}/cancel`, { session }],
    success: 200,
  },
  {
    title: 'delete',
    call: ({ number }, session) => [`DELETE ${path}/${number}`, { session }],
    success: 204,
  },
];

describe('admins who remove each other', () => {
  const roster = setUpRoster();

  const activeAdmins = (tenant: Tenant): Promise<number> =>
    roster.core.work.change(tenant.key, (tx) => tx.users.lockActiveAdmins());

  for (const { title, call, success } of attacks) {
    test(`two who ${title} each other leave one`, async () => {
      for (let round = 0; round < 5; round += 1) {
        const tenant = await roster.addOrganization();
        const one = await roster.addAdmin(tenant);
        const two = await roster.addAdmin(tenant);
        const replies = await callAtOnce(roster.client, 2, (index) =>
          index === 0 ? call(two, one.session) : call(one, two.session),
        );
        const lost = replies.find(({ status }) => status !== success);
        assert.equal(statusCounts(replies)[success], 1);
        // The slower one is refused, or is no admin any more, or is deleted.
        assert.ok([401, 403, 404, 422].includes(lost?.status ?? 0), String(lost?.status));
        assert.equal(await activeAdmins(tenant), 1);
      }
    });
  }

  test('of ten who all leave at the same time, in different ways, one must stay', async () => {
    const tenant = await roster.addOrganization();
    const admins: Admin[] = [];
    for (let index = 0; index < 10; index += 1) admins.push(await roster.addAdmin(tenant));
    await callAtOnce(roster.client, admins.length, (index) => {
      const self = admins[index];
      const attack = attacks[index % attacks.length];
      assert.ok(self && attack);
      return attack.call(self, self.session);
    });
    assert.equal(await activeAdmins(tenant), 1);
  });
});
