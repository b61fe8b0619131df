import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { createApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

const path = '/sonar/v1/users';
const pageLimits = 'must be a whole number from 1 to 9007199254740991';
const sizeLimits = 'must be a whole number from 1 to 100';

describe('GET /v1/users', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  /** Newest first. */
  const ids: string[] = [];

  const list = (query = '', bearer = tenant.apiKeys.reader) => roster.call(`GET ${path}${query}`, { bearer });

  before(async () => {
    const app = await createApp(roster.core, testDoor, { organization: tenant, name: 'Second' });
    for (let count = 0; count < 23; count++) {
      // Some are created in the same instant: then the order of creation decides.
      if (count % 3 === 0) roster.clock.advance(1_000);
      const appId = count < 20 ? tenant.app.appId : app.app.id;
      const traits = { appId, externalId: `patient ${count % 20}/é`, timezone: 'Europe/London' };
      ids.unshift((await addPerson(roster, traits)).userId);
    }
    const other = await roster.addOrganization();
    await addPerson(roster, { externalId: 'patient 1/é' }, other);
    await addPerson(roster, { externalId: 'elsewhere' }, other);
  });
  const ledger = setUpLedger(roster);

  const idsOf = (reply: { at(path: string): unknown }, count: number): unknown[] =>
    Array.from({ length: count }, (_, index) => reply.at(`data.${index}.id`));

  test('users of all apps are listed newest first, by default twenty per page', async () => {
    const reply = await list();
    assert.equal(reply.status, 200);
    assert.deepEqual(idsOf(reply, 21), [...ids.slice(0, 20), undefined]);
    assert.deepEqual(reply.at('meta'), { page: 1, per_page: 20, total: 23 });
    assert.deepEqual(Object.keys(Object(reply.at('data.0'))), [
      ...['id', 'reference_id', 'timezone', 'status', 'score_status'],
      ...['last_sync_at', 'last_score_at', 'created_at'],
    ]);
    await ledger.expect({});
  });

  test('pages of any size cover the set once, each with the exact total', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 100 }), async (size) => {
        const seen: unknown[] = [];
        for (let page = 1; page <= Math.ceil(ids.length / size) + 1; page++) {
          const reply = await list(`?page=${page}&per_page=${size}`);
          assert.deepEqual(reply.at('meta'), { page, per_page: size, total: ids.length });
          seen.push(...idsOf(reply, size).filter((id) => id !== undefined));
        }
        assert.deepEqual(seen, ids);
      }),
      { numRuns: 8 },
    );
  });

  test('a page past the end is an empty list with the right total', async () => {
    for (const page of [24, 400_000, Number.MAX_SAFE_INTEGER]) {
      const reply = await list(`?page=${page}&per_page=100`);
      assert.equal(reply.status, 200);
      assert.deepEqual(reply.body, { data: [], meta: { page, per_page: 100, total: 23 } });
    }
  });

  test('a reference_id finds exactly its users, in every app of the account', async () => {
    const twice = await list(`?reference_id=${encodeURIComponent('patient 2/é')}`);
    assert.deepEqual(twice.at('meta'), { page: 1, per_page: 20, total: 2 });
    assert.deepEqual(idsOf(twice, 2), [ids[0], ids[20]]);
    const second = await list('?reference_id=%20patient+2/%C3%A9&page=2&per_page=1');
    assert.deepEqual(second.at('meta'), { page: 2, per_page: 1, total: 2 });
    assert.deepEqual(idsOf(second, 2), [ids[20], undefined]);
    for (const none of ['patient', 'Patient 2/é', 'elsewhere', '*', '%', ids[0] ?? '']) {
      const reply = await list(`?reference_id=${encodeURIComponent(none)}`);
      assert.deepEqual(reply.body, { data: [], meta: { page: 1, per_page: 20, total: 0 } });
    }
    await ledger.expect({});
  });

  const faults: readonly (readonly [query: string, details: Record<string, string>])[] = [
    ['per_page=0', { per_page: sizeLimits }],
    ['per_page=101', { per_page: sizeLimits }],
    ['per_page=-1', { per_page: sizeLimits }],
    ['per_page=2.0', { per_page: sizeLimits }],
    ['per_page=1e1', { per_page: sizeLimits }],
    ['per_page=', { per_page: sizeLimits }],
    ['per_page=ten', { per_page: sizeLimits }],
    ['per_page=%2010', { per_page: sizeLimits }],
    ['per_page=10&per_page=10', { per_page: sizeLimits }],
    ['page=0', { page: pageLimits }],
    ['page=1.5', { page: pageLimits }],
    ['page=', { page: pageLimits }],
    ['page=9007199254740992', { page: pageLimits }],
    ['page=1&page=1', { page: pageLimits }],
    ['reference_id=', { reference_id: 'must not be empty' }],
    ['reference_id=%20', { reference_id: 'must not be empty' }],
    ['reference_id=%00', { reference_id: 'must be one text without NUL or broken characters' }],
    ['reference_id=a&reference_id=a', { reference_id: 'must be one text without NUL or broken characters' }],
    [`reference_id=${'x'.repeat(256)}`, { reference_id: 'must have at most 255 characters' }],
    [
      'page=x&per_page=x&reference_id=',
      { reference_id: 'must not be empty', page: pageLimits, per_page: sizeLimits },
    ],
  ];
  for (const [query, expected] of faults) {
    test(`?${query.slice(0, 40)} is refused, naming the limit`, async () => {
      const reply = await list(`?${query}`);
      assert.equal(reply.status, 422);
      assert.equal(reply.string('error'), 'validation_error');
      const details = Object.entries(expected).map(([field, text]) => [field, [text]]);
      assert.deepEqual(reply.at('details'), Object.fromEntries(details));
      const sentences = Object.entries(expected).map(([field, text]) => `${field} ${text}`);
      assert.equal(reply.string('message'), `${sentences.join('; ')}.`);
    });
  }

  test('an unknown parameter is ignored', async () => {
    assert.equal((await list('?limit=1&__proto__=1&sort=id')).number('meta.total'), 23);
  });

  test('users of another account are neither shown nor counted', async () => {
    const empty = await roster.addOrganization();
    const reply = await list('', empty.apiKeys.admin);
    assert.deepEqual(reply.body, { data: [], meta: { page: 1, per_page: 20, total: 0 } });
  });

  test('keys of every role may list', async () => {
    for (const key of Object.values(tenant.apiKeys)) assert.equal((await list('', key)).status, 200);
  });

  test('a deleted user is neither shown nor counted', async () => {
    const own = await roster.addOrganization();
    const { userId } = await addPerson(roster, { externalId: 'gone' }, own);
    const left = await addPerson(roster, {}, own);
    await roster.call(`DELETE ${path}/${userId}`, { bearer: own.apiKeys.admin });
    const reply = await list('', own.apiKeys.admin);
    assert.deepEqual(idsOf(reply, 2), [left.userId, undefined]);
    assert.equal(reply.number('meta.total'), 1);
    assert.equal((await list('?reference_id=gone', own.apiKeys.admin)).number('meta.total'), 0);
  });
});
