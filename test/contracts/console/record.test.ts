/** The record and the outbox in the console. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { staffRoles } from '../../../src/core/access/principal.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import { staffAsk } from '../../support/server/staff.ts';
import { expectRoles } from './roles.ts';

const api = '/console/api/v1';

describe('the record', () => {
  const roster = setUpRoster();
  const privacy = setUp(() => roster.organization.staff('privacy'));
  const other = setUp(() => roster.addOrganization());
  const ask = (query = '') => roster.call(`GET ${api}/record${query}`, privacy.ask);

  test('it shows who did what, newest first, with the names of keys and apps, and the emails of staff', async () => {
    const owner = await roster.organization.staff('owner');
    const made = await roster.call(`POST ${api}/keys`, {
      ...owner.ask,
      json: { name: 'Nightly import', role: 'admin', expiresAt: null },
    });
    const created = await roster.call('POST /sonar/v1/users', { bearer: made.string('secret'), json: {} });
    const userId = created.string('data.id');
    const reply = await ask('?pageSize=2');
    assert.deepEqual([reply.status, reply.at('isExact'), reply.at('page')], [200, true, 1]);
    const at = new Date(roster.clock.now()).toISOString();
    const rest = { at, fields: [], times: null, users: null };
    const [newest, before] = Object(reply.at('items'));
    assert.partialDeepStrictEqual(newest, {
      ...{ ...rest, door: 'sonar', action: 'user.created', subject: { kind: 'user', id: userId } },
      actor: { kind: 'api_key', id: made.string('key.id'), name: 'Nightly import' },
    });
    assert.partialDeepStrictEqual(before, {
      ...{ ...rest, door: 'console', action: 'api_key.created' },
      actor: { kind: 'staff', id: owner.staffId, name: owner.email },
    });
    const pages = Number(reply.at('pages'));
    const last = await ask(`?pageSize=2&page=${pages}`);
    assert.equal(last.at('total'), reply.at('total'));
    assert.ok(last.at('items.0.id') !== undefined);
  });

  test('it is filtered by actor, action, person and time', async () => {
    const { userId } = await addPerson(roster);
    const about = await ask(`?user=${userId}`);
    assert.ok(Number(about.at('total')) >= 1);
    for (const item of Object(about.at('items'))) assert.equal(item.subject.id, userId);
    const { actor } = Object(about.at('items.0'));
    const by = await ask(`?actor=${actor.id}&action=user.created`);
    for (const item of Object(by.at('items')))
      assert.deepEqual([item.actor.id, item.action], [actor.id, 'user.created']);
    assert.equal((await ask('?since=2200-01-01')).at('total'), 0);
    assert.equal((await ask('?action=&user=&actor=&since=&until=')).status, 200);
    for (const query of ['?action=user.flown', '?user=12', '?since=soon', '?actor=a%20b', '?page=0']) {
      assert.deepEqual((await ask(query)).at('error.code'), 'invalid_fields', query);
    }
    const actions = await roster.call(`GET ${api}/record/actions`, privacy.ask);
    assert.ok(Object(actions.at('actions')).includes('user.created'));
  });

  test('an organization sees its own events only', async () => {
    const { userId } = await addPerson(roster, {}, other);
    assert.equal((await ask(`?user=${userId}`)).at('total'), 0);
    const theirs = await roster.call(`GET ${api}/record?user=${userId}`, (await other.staff('owner')).ask);
    assert.ok(Number(theirs.at('total')) >= 1);
  });

  test('owners and privacy may, and others are refused for their role', async () => {
    await expectRoles({ roster }, ['owner', 'privacy'], `GET ${api}/record`);
    await expectRoles({ roster }, ['owner', 'privacy'], `GET ${api}/record/actions`);
  });
});

describe('the outbox', () => {
  const roster = setUpRoster();
  const other = setUp(() => roster.addOrganization());
  const support = setUp(() => roster.organization.staff('support'));

  test('it shows what would have been sent, newest first, with codes and links', async () => {
    const user = {
      email: 'cy@example.com',
      password: 'a-quiet-harbour-41',
      first_name: 'Cy',
      last_name: 'Roe',
    };
    const headers = { 'x-app-id': roster.organization.app.appId };
    await roster.call('POST /general/v1/users', {
      headers,
      json: { user: { ...user, phone: '+1-201-555-0123' } },
    });
    await roster.settle();
    const reply = await roster.call(`GET ${api}/outbox`, support.ask);
    const items: { code: string | null; links: string[]; channel: string; to: string }[] = Object(
      reply.at('items'),
    );
    const code = items.find(({ channel }) => channel === 'sms');
    assert.match(code?.code ?? '', /^\d+$/);
    const delivered = await roster.outbox(code?.to);
    assert.equal(delivered[0]?.code, code?.code);
    const mail = items.find(({ channel }) => channel === 'email');
    if (mail !== undefined) for (const link of mail.links) assert.ok(URL.canParse(link));
    const theirs = await roster.call(`GET ${api}/outbox`, (await other.staff('owner')).ask);
    assert.deepEqual(theirs.at('items'), []);
  });

  test('a look at messages to people is in the record, as a count by the hour, whoever looks', async () => {
    const tenant = await roster.addOrganization();
    const privacy = await tenant.staff('privacy');
    const looks = async (staffId: string) =>
      (await roster.call(`GET ${api}/record?action=user.listed&actor=${staffId}`, privacy.ask)).at('items');
    const headers = { 'x-app-id': tenant.app.appId };
    for (const each of [1, 2]) {
      const json = {
        user: {
          ...{ email: `seen-${each}@example.com`, password: 'a-quiet-harbour-41' },
          ...{ first_name: 'Cy', last_name: 'Roe', phone: `+1-201-555-013${each}` },
        },
      };
      const made = await roster.call('POST /general/v1/users', { headers, json });
      assert.equal(made.status, 201, made.text);
    }
    await roster.settle();
    for (const role of staffRoles) {
      const staff = await tenant.staff(role);
      for (const poll of [{}, { 'x-roster-poll': '1' }]) {
        const ask = { ...staff.ask, headers: { ...staff.ask.headers, ...poll } };
        const reply = await roster.call(`GET ${api}/outbox`, ask);
        assert.ok(Number(Object(reply.at('items')).length) >= 2, reply.text);
      }
      const [event, ...more] = Object(await looks(staff.staffId));
      assert.partialDeepStrictEqual(event, {
        ...{ action: 'user.listed', door: 'console', times: 2, users: 4 },
        actor: { kind: 'staff', id: staff.staffId },
        subject: { kind: 'users', id: 'organization' },
      });
      assert.deepEqual(more, []);
    }
    const empty = await roster.addOrganization();
    const reader = await empty.staff('owner');
    assert.equal((await roster.call(`GET ${api}/outbox`, reader.ask)).status, 200);
    const record = await roster.call(`GET ${api}/record?action=user.listed`, reader.ask);
    assert.equal(record.at('total'), 0);
  });

  test('every role may see it in development', async () => {
    await expectRoles({ roster }, staffRoles, `GET ${api}/outbox`);
  });
});

describe('the outbox in production', () => {
  const roster = setUpRoster({
    env: {
      ...{ NODE_ENV: 'production', ROSTER_CONSOLE: 'on', ROSTER_PUBLIC_URL: 'https://roster.example.com' },
      ...{ ROSTER_SMS: 'outbox', ROSTER_EMAIL: 'outbox', ROSTER_SECRET: 'Vx7mQ2cT9dLkR4sWzP8bNfYgH3jAeU6o' },
    },
  });

  test('is refused to every role', async () => {
    for (const role of staffRoles) {
      const { token } = await roster.organization.staff(role);
      const ask = { headers: { ...staffAsk(null).headers, cookie: `__Host-roster-console=${token}` } };
      assert.equal((await roster.call(`GET ${api}/session`, ask)).status, 200, role);
      const reply = await roster.call(`GET ${api}/outbox`, ask);
      assert.deepEqual([reply.status, reply.at('error.code')], [403, 'forbidden'], role);
    }
  });
});
