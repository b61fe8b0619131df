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

test('an address that could not be told stays', async () => {
  const limited = await startRoster({
    env: { ROSTER_LIMIT_ADDRESS_HOUR: '2', ROSTER_LIMIT_ADDRESS_DAY: '2' },
  });
  try {
    const { ask } = await limited.organization.staff('owner');
    const other = await limited.organization.staff('support');
    const moves = ['a@example.com', other.email, 'b@example.com', other.email, 'c@example.com'];
    const statuses = [];
    for (const email of moves) {
      const line = `POST ${path}/${other.staffId}/email`;
      statuses.push((await limited.call(line, { ...ask, json: { email } })).status);
    }
    assert.deepEqual(statuses, [200, 200, 200, 200, 429]);
    assert.equal((await limited.outbox(other.email)).length, 2);
    const session = await limited.call('GET /console/api/v1/session', other.ask);
    assert.equal(session.at('staff.email'), other.email);
  } finally {
    await limited.close();
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

  test('changes the email of an account, which the former address is told', async () => {
    const other = await roster.organization.staff('support');
    const json = { email: `Moved-${other.staffId}@example.com` };
    const line = `POST ${path}/${other.staffId}/email`;
    const stale = await roster.organization.staff('owner', { isStale: true, of: owner });
    assert.equal((await roster.call(line, { ...stale.ask, json })).at('error.code'), 'fresh_factor_required');
    assert.deepEqual(await roster.outbox(other.email), []);
    await ledger.mark();
    const reply = await roster.call(line, { ...owner.ask, json });
    assert.deepEqual([reply.status, reply.at('email')], [200, json.email]);
    await ledger.expect({
      rows: { staff_accounts: '~1' },
      messages: [{ template: 'staff_email_changed', channel: 'email', to: other.email }],
      audit: [
        {
          ...{ action: 'staff.email_changed', actor_kind: 'staff', actor_id: owner.staffId },
          ...{ subject_kind: 'staff', subject_id: other.staffId, fields: 'email' },
        },
      ],
    });
    const [notice, ...more] = await roster.outbox(other.email);
    assert.deepEqual([notice?.template, more], ['staff_email_changed', []]);
    assert.ok(!String(notice?.body).includes(json.email), 'the new address is not told');
    // The development outbox of the console shows it too.
    const shown = await roster.call('GET /console/api/v1/outbox', owner.ask);
    assert.ok(shown.text.includes('staff_email_changed'), shown.text);
    // The same address again tells and records nothing.
    await ledger.mark();
    assert.equal((await roster.call(line, { ...owner.ask, json })).status, 200);
    await ledger.expect({});
    assert.equal((await roster.call('GET /console/api/v1/session', other.ask)).at('staff.email'), json.email);
  });

  test('gives no address that another account has, or that is none', async () => {
    const other = await roster.organization.staff('support');
    const line = `POST ${path}/${other.staffId}/email`;
    await ledger.mark();
    const taken = await roster.call(line, { ...owner.ask, json: { email: owner.email.toUpperCase() } });
    assert.deepEqual([taken.status, taken.at('error.code')], [409, 'email_taken']);
    const bad = await roster.call(line, { ...owner.ask, json: { email: 'x' } });
    assert.deepEqual([bad.status, bad.at('error.fields.email.fault')], [422, 'invalid']);
    await ledger.expect({});
    const foreign = await (await roster.addOrganization()).staff('support');
    const json = { email: 'one@example.com' };
    const theirs = await roster.call(`POST ${path}/${foreign.staffId}/email`, { ...owner.ask, json });
    assert.equal(theirs.status, 404);
    assert.deepEqual(await roster.outbox(other.email), []);
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
