/** The staff accounts of an organization: owners add them, give them roles and remove them, and one owner stays. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFirstOwner } from '../../../src/core/staff/manage-staff.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { staffAsk } from '../../support/server/staff.ts';
import { startRoster, testDoor } from '../../support/server/start.ts';

const roster = setUpRoster();
const owner = setUp(() => roster.organization.staff('owner'));
const ledger = setUpLedger(roster);
const path = '/console/api/v1/staff';
const newcomer = { email: 'newcomer@example.com', name: 'New Comer', role: 'support' };

test('starts at the same time on a directory without staff make one first owner', async () => {
  const bare = await startRoster();
  try {
    const made = await Promise.all(Array.from({ length: 5 }, () => createFirstOwner(bare.core, testDoor)));
    assert.equal(made.filter((each) => each !== null).length, 1);
    const staff = await bare.core.work.readSystem('operator', (tx) => tx.staff.list());
    assert.deepEqual(
      staff.map(({ email, role, orgKey }) => [email, role, orgKey]),
      [['owner@localhost', 'owner', bare.organization.key]],
    );
  } finally {
    await bare.close();
  }
});

describe('an owner', () => {
  test('adds an account, and gets its one-time link once', async () => {
    await ledger.mark();
    const reply = await roster.call(`POST ${path}`, { ...owner.ask, json: newcomer });
    assert.equal(reply.status, 201);
    const link = new URL(reply.string('link'));
    assert.deepEqual([link.pathname, link.search], ['/console/enrol', '']);
    assert.match(link.hash, /^#sl_/);
    const { email, name, role } = newcomer;
    const id = reply.string('staff.id');
    const createdAt = new Date(roster.clock.now()).toISOString();
    assert.deepEqual(reply.at('staff'), { id, email, name, role, createdAt, enrolledAt: null });
    await ledger.expect({
      rows: { staff_accounts: '+1', staff_links: '+1' },
      audit: ['staff.created', 'staff.link_issued'].map((action) => ({
        ...{ action, actor_kind: 'staff', actor_id: owner.staffId, subject_kind: 'staff', subject_id: id },
      })),
    });
    const list = await roster.call(`GET ${path}`, owner.ask);
    const { items } = Object(list.body) as { items: { email: string }[] };
    assert.deepEqual(new Set(items.map((each) => each.email)), new Set([owner.email, email]));
    assert.ok(!list.text.includes('sl_'));
    const again = await roster.call(`POST ${path}`, {
      ...owner.ask,
      json: { ...newcomer, email: 'NEWCOMER@example.com' },
    });
    assert.deepEqual([again.status, again.at('error.code')], [409, 'email_taken']);
  });

  test('is told what is wrong with the fields', async () => {
    const reply = await roster.call(`POST ${path}`, { ...owner.ask, json: { email: 'x', role: 'admin' } });
    assert.equal(reply.status, 422);
    assert.deepEqual(
      ['email', 'name', 'role'].map((field) => reply.at(`error.fields.${field}.fault`)),
      ['invalid', 'blank', 'invalid'],
    );
  });

  test('removes an account with its sessions', async () => {
    const other = await roster.organization.staff('engineer');
    await ledger.mark();
    assert.equal((await roster.call(`DELETE ${path}/${other.staffId}`, owner.ask)).status, 204);
    await ledger.expect({
      rows: { staff_accounts: '-1', staff_sessions: '-1' },
      audit: [{ action: 'staff.removed', actor_id: owner.staffId, subject_id: other.staffId }],
    });
    assert.equal((await roster.call('GET /console/api/v1/session', other.ask)).status, 401);
    assert.equal((await roster.call(`DELETE ${path}/${other.staffId}`, owner.ask)).status, 404);
  });

  test('is the last one, and stays one', async () => {
    const tenant = await roster.addOrganization();
    const last = await tenant.staff('owner');
    const calls = [
      roster.call(`PATCH ${path}/${last.staffId}`, { ...last.ask, json: { role: 'support' } }),
      roster.call(`DELETE ${path}/${last.staffId}`, last.ask),
    ];
    for (const reply of await Promise.all(calls)) {
      assert.deepEqual([reply.status, reply.at('error.code')], [409, 'last_owner']);
    }
  });

  test('and another one who leave at the same time leave one', async () => {
    for (let round = 0; round < 5; round++) {
      const tenant = await roster.addOrganization();
      const pair = [await tenant.staff('owner'), await tenant.staff('owner')] as const;
      const [first, second] = pair;
      const replies = await Promise.all([
        roster.call(`DELETE ${path}/${second.staffId}`, first.ask),
        roster.call(`PATCH ${path}/${first.staffId}`, { ...second.ask, json: { role: 'support' } }),
      ]);
      const left = await roster.core.work.read(tenant.key, (tx) => tx.staff.list());
      assert.equal(
        left.filter(({ role }) => role === 'owner').length,
        1,
        String(replies.map((each) => each.status)),
      );
    }
  });

  test('sees and changes nothing of another organization', async () => {
    const tenant = await roster.addOrganization();
    const theirs = await tenant.staff('support');
    const list = await roster.call(`GET ${path}`, owner.ask);
    assert.ok(!list.text.includes(theirs.staffId));
    await ledger.mark();
    const calls = [
      roster.call(`PATCH ${path}/${theirs.staffId}`, { ...owner.ask, json: { role: 'owner' } }),
      roster.call(`DELETE ${path}/${theirs.staffId}`, owner.ask),
      roster.call(`POST ${path}/${theirs.staffId}/link`, owner.ask),
      roster.call(`DELETE /console/api/v1/sessions/${theirs.sessionId}`, owner.ask),
    ];
    for (const reply of await Promise.all(calls)) assert.equal(reply.status, 404);
    await ledger.expect({});
    // The token of a session names its organization; another name makes it unknown.
    const [, , secret = ''] = theirs.token.split('_');
    const moved = `ss_${roster.organization.key.toString(36)}_${secret}`;
    assert.equal((await roster.call('GET /console/api/v1/session', staffAsk(moved))).status, 401);
  });
});
