/** Attacks by the staff of the console themselves: more rights than the role has, and what is masked. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import { signUp, signUpProved, templatesTo } from '../support/accounts.ts';

const roster = setUpRoster();
const base = '/console/api/v1';
const owner = setUp(() => roster.organization.staff('owner'));
const support = setUp(() => roster.organization.staff('support'));
const engineer = setUp(() => roster.organization.staff('engineer'));

const idOf = async (number: number) =>
  (await roster.call(`GET ${base}/people?q=${number}`, owner.ask)).string('items.0.id');

describe('support', () => {
  test('makes no admin of an own account, who could delete people', async () => {
    const mine = await signUpProved(roster);
    const json = { role: 'admin' };
    const path = `POST ${base}/people/${await idOf(mine.number)}/acts/role`;
    const made = await roster.call(path, { ...support.ask, json });
    const victim = await signUp(roster);
    const gone = await roster.call(`DELETE /general/v1/users/${victim.number}`, { session: mine.session });
    assert.deepEqual(
      [made.status, gone.status >= 400],
      [403, true],
      `${made.text} ${gone.status} ${gone.text}`,
    );
  });

  test('takes over nobody who has rights by another email', async () => {
    const admin = await signUpProved(roster);
    const id = await idOf(admin.number);
    const rise = { ...owner.ask, json: { role: 'admin' } };
    assert.equal((await roster.call(`POST ${base}/people/${id}/acts/role`, rise)).status, 200);
    const email = 'thief@example.com';
    const path = `${base}/people/${id}`;
    const edited = await roster.call(`PATCH ${path}`, { ...support.ask, json: { email } });
    const sent = await roster.call(`POST ${path}/acts/send-reset`, support.ask);
    assert.deepEqual([edited.status, edited.at('error.code'), sent.status], [403, 'forbidden', 200]);
    assert.deepEqual(await templatesTo(roster, email), []);
    const named = await roster.call(`PATCH ${path}`, { ...support.ask, json: { firstName: 'Jane' } });
    assert.equal(named.status, 200);
    assert.equal((await roster.call(`PATCH ${path}`, { ...owner.ask, json: { email } })).status, 200);
  });

  test('gives no role with an old factor, whoever it is', async () => {
    const stale = await roster.organization.staff('owner', { isStale: true });
    const { number } = await signUpProved(roster);
    const json = { role: 'member', isApproved: true };
    for (const name of ['role', 'clinical']) {
      const path = `POST ${base}/people/${await idOf(number)}/acts/${name}`;
      assert.equal(
        (await roster.call(path, { ...stale.ask, json })).at('error.code'),
        'fresh_factor_required',
      );
    }
  });
});

describe('a key', () => {
  test('that has expired comes to life by nobody without a fresh factor', async () => {
    const stale = await roster.organization.staff('engineer', { isStale: true });
    const expiresAt = new Date(roster.clock.now() + 1_000).toISOString();
    const json = { name: 'Import', role: 'member', expiresAt };
    const made = await roster.call(`POST ${base}/keys`, { ...engineer.ask, json });
    roster.clock.advance(2_000);
    const at = `${base}/keys/${made.string('key.id')}`;
    const bearer = made.string('secret');
    assert.equal((await roster.call('GET /sonar/v1/users', { bearer })).status, 401);
    const revived = await roster.call(`PATCH ${at}`, { ...stale.ask, json: { expiresAt: null } });
    assert.deepEqual(
      [revived.status, (await roster.call('GET /sonar/v1/users', { bearer })).status],
      [403, 401],
    );
  });
});

describe('an engineer', () => {
  test('sees nothing that is masked at any address', async () => {
    const secrets = ['zyxmail', 'Zyxfirst', 'Zyxlast', '5557654321', '1971-03-05'];
    const { number, userId } = await addPerson(roster, {
      ...{ email: 'zyxmail@example.com', firstName: 'Zyxfirst', lastName: 'Zyxlast' },
      ...{ phone: '+15557654321', phoneE164: '+15557654321', dateOfBirth: '1971-03-05' },
    });
    for (const path of [
      ...[
        'people',
        `people?q=${number}`,
        `people?q=${userId}`,
        `people?q=5557654321`,
        'people?q=zyxmail%40example.com',
      ],
      ...[
        `people/${userId}`,
        `people/${userId}/contracts`,
        `people/${userId}/timeline`,
        `people/${userId}/export`,
      ],
      ...[
        'apps',
        'keys',
        'overview',
        'record',
        'erasures',
        'staff',
        'bulk-acts',
        'people?status=pending&confirmed=no',
      ],
    ]) {
      const reply = await roster.call(`GET ${base}/${path}`, engineer.ask);
      for (const secret of secrets)
        assert.ok(
          !reply.text.includes(secret),
          `${path} ${reply.status} ${secret} ${reply.text.slice(0, 300)}`,
        );
    }
    const counted = async (q: string) =>
      (await roster.call(`GET ${base}/people?q=${q}`, engineer.ask)).at('total');
    assert.deepEqual(
      [await counted('5557654321'), await counted('555765'), await counted('1971')],
      [0, 0, 0],
    );
  });

  const traits = {
    ...{ email: 'mira.oduya@example.com', firstName: 'Mira', lastName: 'Oduya' },
    ...{ phone: '+1 555-765-4399', phoneE164: '+15557654399' },
  };
  const shownId = async (externalId: string) => {
    const { userId } = await addPerson(roster, { ...traits, email: null, externalId });
    const [listed, seen, contracts] = await Promise.all(
      [`people?q=${userId}`, `people/${userId}`, `people/${userId}/contracts`].map((path) =>
        roster.call(`GET ${base}/${path}`, engineer.ask),
      ),
    );
    const texts = [listed, seen, contracts].map((reply) => reply?.text ?? '');
    return { userId, texts, id: listed?.at('items.0.externalId'), inDossier: seen?.at('fields.externalId') };
  };

  test('sees no external id that tells who the person is', async () => {
    for (const externalId of [
      ...['jane.roe@clinic.example', 'mailto:jane.roe@clinic', 'jane.roe%40clinic.example', 'jane＠clinic'],
      ...['Jane Roe', 'Jane\u00a0Roe', 'Jane%20Roe', 'Müller', 'mira-1971', 'MIRA_ODUYA', 'x.oduya'],
      ...[
        '+15551234567',
        '(555)123-4567',
        '0151-12340987',
        '015112340987',
        '4915112340987',
        'tel:+15551234567',
      ],
      ...['p-5557654399', '555.765.4399'],
    ]) {
      const { texts, id, inDossier } = await shownId(externalId);
      const escaped = JSON.stringify(externalId).slice(1, -1);
      for (const text of texts) assert.ok(!text.includes(escaped), `${externalId} ${text}`);
      const masked = `${[...externalId][0]}•••`;
      assert.deepEqual([id, inDossier], [masked, masked], externalId);
    }
    for (const externalId of [
      'your-internal-id',
      'patient_000174',
      'auth0|5f7c8ec7',
      '762490',
      '6f9619ff-8b86-4011-b42d-00cf4fc964ff',
    ]) {
      const { texts, id, inDossier } = await shownId(externalId);
      assert.deepEqual([id, inDossier], [externalId, externalId]);
      assert.ok(texts.every((text) => text.includes(externalId)));
    }
  });

  test('looks at a masked external id for a reason, and the look is recorded and counted', async () => {
    const externalId = 'jane.roe@look.example';
    const { userId } = await shownId(externalId);
    const json = { field: 'externalId', reason: 'The partner sends another id.' };
    const reply = await roster.call(`POST ${base}/people/${userId}/reveal`, { ...engineer.ask, json });
    assert.deepEqual([reply.status, reply.at('values')], [200, { externalId }]);
    const events = (await roster.rows.all('audit_events')).filter(
      (row) => row['action'] === 'user.revealed' && row['subject_id'] === userId.slice(4),
    );
    assert.deepEqual(
      events.map((row) => [row['actor_id'], row['fields']]),
      [[engineer.staffId, 'external_id']],
    );
    const all = { ...json, field: 'all' };
    const revealed = await roster.call(`POST ${base}/people/${userId}/reveal`, {
      ...engineer.ask,
      json: all,
    });
    assert.equal(revealed.at('values.externalId'), externalId);
  });
});
