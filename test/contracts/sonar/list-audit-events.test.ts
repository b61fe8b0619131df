import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';

const path = '/sonar/v1/audit_events';

describe('GET /v1/audit_events', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  let userId: string;

  const list = (query = '', bearer = tenant.apiKeys.admin) => roster.call(`GET ${path}${query}`, { bearer });

  before(async () => {
    const bearer = tenant.apiKeys.admin;
    userId = (await roster.call('POST /sonar/v1/users', { bearer })).string('data.id');
    roster.clock.advance(2_000);
    const body = { timezone: 'Europe/London', reference_id: 'a reference' };
    await roster.call(`PATCH /sonar/v1/users/${userId}`, { bearer, json: body });
  });

  test('shows who did what to whom, and the names of the changed fields', async () => {
    const reply = await list(`?user=${userId}&action=user.updated`);
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.at('meta'), { page: 1, per_page: 20, total: 1 });
    assert.partialDeepStrictEqual(reply.at('data.0'), {
      actor: { kind: 'api_key' },
      door: 'sonar',
      action: 'user.updated',
      subject: { kind: 'user', id: userId },
      fields: ['external_id', 'timezone'],
      users: null,
      times: null,
    });
    assert.doesNotMatch(reply.text, /Europe|reference/);
  });

  test('is listed newest first by pages with the exact total', async () => {
    const first = await list(`?user=${userId}&per_page=1`);
    const second = await list(`?user=${userId}&per_page=1&page=2`);
    const third = await list(`?user=${userId}&per_page=1&page=3`);
    assert.deepEqual(
      [first, second, third].map((reply) => reply.at('data.0.action')),
      ['user.updated', 'user.created', undefined],
    );
    for (const [index, reply] of [first, second, third].entries()) {
      assert.deepEqual(reply.at('meta'), { page: index + 1, per_page: 1, total: 2 });
    }
  });

  test('is filtered by actor and by time', async () => {
    const actor = (await list(`?user=${userId}`)).string('data.0.actor.id');
    const at = (await list(`?user=${userId}`)).string('data.0.at');
    const total = async (query: string) => (await list(`?user=${userId}&${query}`)).at('meta.total');
    assert.equal(await total(`actor=${actor}`), 2);
    assert.equal(await total('actor=key_unknown'), 0);
    assert.equal(await total(`since=${encodeURIComponent(at)}`), 1);
    assert.equal(await total(`until=${encodeURIComponent(at)}`), 1);
  });

  test('a filter that is no filter is refused with its name', async () => {
    for (const [query, field] of [
      ['user=someone', 'user'],
      ['actor=%00', 'actor'],
      ['action=user.eaten', 'action'],
      ['since=yesterday', 'since'],
      ['until=2025-13-01', 'until'],
      ['page=0', 'page'],
      ['per_page=101', 'per_page'],
    ] as const) {
      const reply = await list(`?${query}`);
      assert.equal(reply.status, 422, String(query));
      assert.equal(Object.keys(Object(reply.at('details'))).join(), field);
    }
  });

  test('needs a key with the role admin', async () => {
    for (const role of ['member', 'reader'] as const) {
      assert.equal((await list('', tenant.apiKeys[role])).status, 403);
    }
    assert.equal((await list('', 'sk_live_unknown')).status, 401);
    assert.equal((await roster.call(`GET ${path}`)).status, 401);
  });

  test('never shows events of another organization', async () => {
    const other = await roster.addOrganization();
    await addPerson(roster, {}, other);
    const reply = await list(`?user=${userId}`, other.apiKeys.admin);
    assert.deepEqual(reply.at('meta.total'), 0);
    const all = await list('?per_page=100', other.apiKeys.admin);
    assert.ok(!all.text.includes(userId));
  });
});
