/** People in the console: the list, one person, what the contracts show, and the acts with each role. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { staffRoles } from '../../../src/core/access/principal.ts';
import { personActs } from '../../../src/core/people/person-act.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { confirm, signUp } from '../general/sign-up.ts';

const roster = setUpRoster();
const owner = setUp(() => roster.organization.staff('owner'));
const support = setUp(() => roster.organization.staff('support'));
const privacy = setUp(() => roster.organization.staff('privacy'));
const engineer = setUp(() => roster.organization.staff('engineer'));
const ledger = setUpLedger(roster);
const root = '/console/api/v1/people';
const roles = { owner, support, privacy, engineer };

/** A person with an id in the form of the console. */
async function person(fields: object = {}) {
  const signedUp = await signUp(roster, fields);
  const found = await roster.call(`GET ${root}?q=${signedUp.number}`, owner.ask);
  return { ...signedUp, id: found.string('items.0.id') };
}

describe('GET /people', () => {
  test('turns the list over: the pages of both orders have the same people', async () => {
    const tenant = await roster.addOrganization();
    const { ask } = await tenant.staff('owner');
    for (let each = 0; each < 7; each++) {
      await addPerson(roster, each % 3 === 0 ? { status: 'pending' } : {}, tenant);
    }
    const idsOf = async (query: string) => {
      const reply = await roster.call(`GET /console/api/v1/people?pageSize=3&${query}`, ask);
      assert.equal(reply.status, 200, reply.text);
      return [reply.at('total'), (reply.at('items') as { id: string }[]).map(({ id }) => id)] as const;
    };
    for (const filter of ['', '&status=pending']) {
      const newest: string[] = [];
      const oldest: string[] = [];
      for (const page of [1, 2, 3, 4]) {
        const [total, ids] = await idsOf(`page=${page}${filter}`);
        const [same, turned] = await idsOf(`page=${page}&sort=oldest${filter}`);
        assert.deepEqual([same, turned.length], [total, ids.length]);
        newest.push(...ids);
        oldest.push(...turned);
      }
      assert.equal(newest.length, filter === '' ? 7 : 3);
      assert.deepEqual(oldest, newest.toReversed());
    }
    assert.deepEqual(await idsOf('sort=newest'), await idsOf(''));
    for (const query of ['sort=name', 'sort=', 'sort=oldest&q=jane', 'sort=oldest&role=admin']) {
      const reply = await roster.call(`GET /console/api/v1/people?${query}`, ask);
      assert.deepEqual([reply.status, reply.at('error.fields.sort.fault')], [422, 'invalid'], query);
    }
  });

  test('finds people as one types, with honest counts, and is recorded', async () => {
    await person({ first_name: 'Agnès', last_name: 'Quill', phone: '+49 151 1234 0987' });
    await person({ first_name: 'Agnes', last_name: 'Quillon' });
    await ledger.mark();
    const reply = await roster.call(`GET ${root}?q=agnes%20quill`, support.ask);
    assert.deepEqual(
      [reply.status, reply.at('total'), reply.at('isExact'), reply.at('pages'), reply.at('isMasked')],
      [200, 2, true, 1, false],
    );
    assert.equal(reply.at('items.0.name'), 'Agnès Quill');
    await ledger.expect({ audit: [{ action: 'user.listed', actor_id: support.staffId, users: 2 }] });
    assert.equal((await roster.call(`GET ${root}?q=0151%2012340987`, owner.ask)).at('total'), 1);
    assert.equal((await roster.call(`GET ${root}?q=quill&pageSize=1&page=2`, owner.ask)).at('pages'), 2);
  });

  test('finds people by the beginning of an id and of a number', async () => {
    const { id, number } = await person({ first_name: 'Begun' });
    const digits = id.slice(-32);
    for (const text of [digits.slice(0, 16), `usr_${digits.slice(0, 16)}`, String(number).slice(0, 15)]) {
      const reply = await roster.call(`GET ${root}?q=${text}`, owner.ask);
      assert.deepEqual([reply.at('total'), reply.at('items.0.name')], [1, 'Begun Doe'], text);
    }
  });

  test('filters combine, and a faulty one is named', async () => {
    const { number } = await person({ first_name: 'Filtered' });
    const total = async (query: string) =>
      (await roster.call(`GET ${root}?q=filtered&${query}`, owner.ask)).at('total');
    assert.equal(await total('status=pending&role=parent&confirmed=no&proved=no&clinical=no'), 1);
    assert.equal(await total('status=active'), 0);
    const day = new Date(roster.clock.now()).toISOString().slice(0, 10);
    assert.equal(await total(`createdFrom=${day}&seenTo=`), 1);
    assert.equal(await total(`createdTo=${day}`), 0);
    assert.ok(number > 0);
    const faulty = await roster.call(
      `GET ${root}?role=king&confirmed=maybe&createdFrom=soon&page=0`,
      owner.ask,
    );
    assert.equal(faulty.status, 422);
    assert.deepEqual(Object.keys(Object(faulty.at('error.fields'))).sort(), [
      ...['confirmed', 'createdFrom', 'page', 'role'],
    ]);
  });

  test('an engineer gets the list masked, and finds people by an id alone', async () => {
    const { id, email } = await person({ first_name: 'Quentin', phone: '+1-555-300-0301' });
    const reply = await roster.call(`GET ${root}?q=${id}`, engineer.ask);
    assert.deepEqual([reply.at('total'), reply.at('isMasked')], [1, true]);
    for (const secret of [email, 'Quentin', '3000301']) assert.ok(!reply.text.includes(secret), secret);
    assert.equal((await roster.call(`GET ${root}?q=Quentin`, engineer.ask)).status, 422);
  });
});

describe('GET /people/:id', () => {
  test('shows one person, whom the list finds by an id in the spelling of any contract, and records the look', async () => {
    const { id, number, email } = await person({ phone: '+1-555-300-0302' });
    await confirm(roster, number, '+15553000302');
    const hex = id.replace('usr_', '');
    const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    await ledger.mark();
    const reply = await roster.call(`GET ${root}/${id}`, owner.ask);
    await ledger.expect({
      audit: [
        {
          action: 'user.read',
          door: 'console',
          actor_kind: 'staff',
          actor_id: owner.staffId,
          subject_id: hex,
        },
      ],
    });
    assert.equal(reply.status, 200);
    assert.equal(reply.at('fields.email'), email);
    assert.equal(reply.at('proofs.phone.address'), '+1-555-300-0302');
    assert.ok(reply.at('proofs.phone.provedAt') !== null && reply.at('proofs.email.provedAt') === null);
    assert.equal(reply.at('signIn.can'), true);
    assert.match(reply.string('messages.1.content.code'), /^\d{6}$/);
    assert.equal(reply.at('acts.confirm.why'), 'already_confirmed');
    for (const other of [hex, uuid, uuid.toUpperCase(), String(number), id.toUpperCase()]) {
      const found = await roster.call(`GET ${root}?q=${other}`, owner.ask);
      assert.deepEqual([found.at('total'), found.at('items.0.id')], [1, id], other);
    }
  });

  test('side by side is exactly what each contract answers', async () => {
    const { apiKeys, app } = roster.organization;
    const signedUp = await person({ phone: '+1-555-300-0303' });
    const shown = await roster.call(`GET ${root}/${signedUp.id}/contracts`, owner.ask);
    assert.deepEqual(Object.keys(Object(shown.body)).sort(), [
      'general',
      'humanapi',
      'organization',
      'sonar',
    ]);
    const sonar = await roster.call(`GET /sonar/v1/users/${signedUp.id}`, { bearer: apiKeys.admin });
    assert.deepEqual(shown.at('sonar'), sonar.at('data'));
    const general = await roster.call(`GET /general/v1/users/${signedUp.number}`, {
      session: signedUp.session,
    });
    assert.deepEqual(shown.at('general'), general.body);
    const organization = await roster.call(`GET /organization/api/v1/users/${signedUp.id}`, {
      bearer: apiKeys.admin,
    });
    assert.deepEqual(shown.at('organization'), organization.body);
    const human = await roster.call(
      `GET /humanapi/v1/apps/${app.appId}/users/${signedUp.id.replace('usr_', '')}`,
      { appKey: app.appKey },
    );
    assert.deepEqual(shown.at('humanapi'), human.body);
    const masked = await roster.call(`GET ${root}/${signedUp.id}/contracts`, engineer.ask);
    assert.ok(!masked.text.includes(signedUp.email) && !masked.text.includes('0303'));
  });
});

describe('a masked field', () => {
  test('is shown for a reason, which stands in the timeline and goes with the person', async () => {
    const { id, email, session } = await person({ first_name: 'Maud', phone: '+1-555-300-0306' });
    const reveal = (json: object, ask = engineer.ask) =>
      roster.call(`POST ${root}/${id}/reveal`, { ...ask, json });
    const reason = 'The mail was returned: compare the address of Maud';
    await ledger.mark();
    const shown = await reveal({ field: 'email', reason });
    assert.deepEqual([shown.status, shown.at('values')], [200, { email }]);
    await ledger.expect({
      audit: [{ action: 'user.revealed', actor_id: engineer.staffId, fields: 'email', users: 1 }],
      rows: { reveals: '+1' },
    });
    const stale = await roster.organization.staff('engineer', { isStale: true });
    assert.equal(
      (await reveal({ field: 'all', reason }, stale.ask)).at('error.code'),
      'fresh_factor_required',
    );
    assert.equal((await reveal({ field: 'all', reason })).at('values.name'), 'Maud Doe');
    const faulty = await reveal({ field: 'password', reason: ' x ' });
    assert.deepEqual(
      [faulty.status, Object.keys(Object(faulty.at('error.fields'))).sort()],
      [422, ['field', 'reason']],
    );
    const timeline = await roster.call(`GET ${root}/${id}/timeline?pageSize=2`, privacy.ask);
    assert.equal(timeline.at('items.1.action'), 'user.revealed');
    assert.deepEqual(timeline.at('items.1.actor'), {
      kind: 'staff',
      id: engineer.staffId,
      name: engineer.email,
    });
    assert.equal(timeline.at('items.1.reason'), reason);
    assert.equal((await roster.call(`GET ${root}/${id}/timeline`, support.ask)).status, 403);
    assert.ok(session !== '');
    const json = { confirmation: email };
    assert.equal((await roster.call(`POST ${root}/${id}/delete`, { ...privacy.ask, json })).status, 202);
    assert.equal(await roster.rows.count('reveals'), 0);
  });

  test('of a person of another organization is not found, and so is the timeline', async () => {
    const other = await addPerson(roster, {}, await roster.addOrganization());
    const json = { field: 'email', reason: 'curious' };
    for (const id of [other.userId, `usr_${'f'.repeat(32)}`]) {
      assert.equal((await roster.call(`POST ${root}/${id}/reveal`, { ...owner.ask, json })).status, 404);
      assert.equal((await roster.call(`GET ${root}/${id}/timeline`, owner.ask)).status, 404);
    }
  });
});

describe('acts', () => {
  test('each with each role: what the person page says is what is answered', async () => {
    const values = { role: 'member', isApproved: true, externalId: null };
    for (const role of staffRoles) {
      const { ask } = roles[role];
      const { id } = await person({ phone: '+1-555-300-0304' });
      for (const name of personActs) {
        const state = Object((await roster.call(`GET ${root}/${id}`, ask)).at(`acts.${name}`));
        const reply = await roster.call(`POST ${root}/${id}/acts/${name}`, { ...ask, json: values });
        const isTold = state.isAllowed || state.why === 'nothing_to_do';
        assert.equal(reply.status === 200, isTold, `${role} ${name} ${state.why} ${reply.text}`);
        if (state.why === 'role')
          assert.deepEqual([reply.status, reply.at('error.code')], [403, 'forbidden']);
      }
      const edited = await roster.call(`PATCH ${root}/${id}`, { ...ask, json: { firstName: role } });
      assert.equal(edited.status, role === 'owner' || role === 'support' ? 200 : 403);
      const json = {
        confirmation: (await roster.call(`GET ${root}/${id}`, owner.ask)).at('deletion.confirmation'),
      };
      const deleted = await roster.call(`POST ${root}/${id}/delete`, { ...ask, json });
      assert.equal(deleted.status, role === 'owner' || role === 'privacy' ? 202 : 403);
    }
  });

  test('a person of another organization is answered as one who does not exist', async () => {
    const other = await addPerson(roster, {}, await roster.addOrganization());
    const calls = [
      ['GET', ''],
      ['GET', '/contracts'],
      ['PATCH', '', { firstName: 'X' }],
      ['POST', '/delete', { confirmation: other.userId }],
      ...personActs.map(
        (act) => ['POST', `/acts/${act}`, { role: 'parent', isApproved: true, externalId: 'x' }] as const,
      ),
    ] as const;
    for (const [method, path, json] of calls) {
      const body = json === undefined ? {} : { json };
      const answers = [];
      for (const id of [other.userId, `usr_${'f'.repeat(32)}`, 'nonsense']) {
        const reply = await roster.call(`${method} ${root}/${id}${path}`, { ...owner.ask, ...body });
        answers.push([reply.status, reply.text]);
      }
      assert.deepEqual(answers[0], answers[1], `${method} ${path}`);
      assert.deepEqual(answers[1], answers[2], `${method} ${path}`);
      assert.equal(answers[0]?.[0], 404);
    }
  });

  test('a patch has the faults of the APIs, changes all or nothing, and takes no password', async () => {
    const { id } = await person();
    const patch = (json: object) => roster.call(`PATCH ${root}/${id}`, { ...owner.ask, json });
    const faulty = await patch({
      firstName: 'Kept',
      phone: '12',
      timezone: 'Mars',
      dateOfBirth: '2999-01-01',
    });
    assert.equal(faulty.status, 422);
    assert.deepEqual(Object.keys(Object(faulty.at('error.fields'))).sort(), [
      'dateOfBirth',
      'phone',
      'timezone',
    ]);
    const unknown = await patch({ firstName: 'Kept', password: 'a-new-password-77' });
    assert.deepEqual([unknown.status, unknown.at('error.fields.password.fault')], [422, 'unknown']);
    const good = await patch({ firstName: 'Kept', phone: '+1-555-300-0305' });
    assert.deepEqual([good.status, good.at('fields.firstName')], [200, 'Kept']);
    assert.equal((await patch({ phone: null })).at('fields.phone'), null);
    assert.equal((await patch({})).status, 200);
  });

  test('the last active admin of an organization stays one, and stays', async () => {
    const tenant = await roster.addOrganization();
    const { ask } = await tenant.staff('owner');
    const { userId } = await roster.addAdmin(tenant, 'last.admin@example.com');
    const at = `${root}/${userId}`;
    const calls = [
      roster.call(`POST ${at}/acts/role`, { ...ask, json: { role: 'parent' } }),
      roster.call(`POST ${at}/delete`, { ...ask, json: { confirmation: 'last.admin@example.com' } }),
    ];
    for (const reply of await Promise.all(calls)) {
      assert.deepEqual([reply.status, reply.at('error.code')], [409, 'last_admin']);
    }
  });

  test('a deletion needs a fresh factor and the typed confirmation, and begins an erasure', async () => {
    const { id, email } = await person();
    const stale = await roster.organization.staff('owner', { isStale: true });
    const remove = (ask: object, confirmation?: unknown) =>
      roster.call(`POST ${root}/${id}/delete`, { ...ask, json: { confirmation } });
    const refused = await remove(stale.ask, email);
    assert.deepEqual([refused.status, refused.at('error.code')], [403, 'fresh_factor_required']);
    for (const wrong of [undefined, null, '', 'yes', email.toUpperCase(), { email }]) {
      const reply = await remove(privacy.ask, wrong);
      assert.deepEqual([reply.status, reply.at('error.fields.confirmation.fault')], [422, 'differs']);
    }
    const reply = await remove(privacy.ask, email);
    assert.equal(reply.status, 202);
    assert.match(reply.string('erasureId'), /^era_[0-9a-f]{32}$/);
    assert.equal((await roster.call(`GET ${root}/${id}`, owner.ask)).status, 404);
  });
});
