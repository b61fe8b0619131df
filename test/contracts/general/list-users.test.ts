import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { addPerson, bareId, type Person } from '../../support/contracts/people.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { notAllowed } from './sign-up.ts';

const path = '/general/v1/users';

describe('GET /v1/users', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  let people: Person[];

  before(async () => {
    people = [];
    for (const firstName of ['Ada', 'Ben', 'Cleo', 'Dina', 'Eve', 'Finn']) {
      people.push(await addPerson(roster, { firstName }));
      roster.clock.advance(firstName === 'Cleo' ? 0 : 1_000);
    }
    const other = await roster.addOrganization();
    await addPerson(roster, { firstName: 'Foreign' }, other);
  });
  const ledger = setUpLedger(roster);

  const list = (query = '', session = admin.session): Promise<Reply> =>
    roster.call(`GET ${path}${query}`, { session });
  const names = (reply: Reply): unknown[] =>
    Array.from({ length: Object(reply.at('users')).length }, (_, at) => reply.at(`users.${at}.first_name`));

  test('admins see their organization, newest first, with exact numbers', async () => {
    const reply = await list();
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(Object(reply.body)), ['users', 'meta']);
    assert.deepEqual(names(reply), ['Finn', 'Eve', 'Dina', 'Cleo', 'Ben', 'Ada', null]);
    assert.deepEqual(reply.at('meta'), { page: 1, page_size: 50, total: 7, total_pages: 1 });
    await ledger.expect({
      audit: [{ action: 'user.listed', actor_id: bareId(admin.userId), subject_kind: 'users', users: 7 }],
    });
  });

  test('pages cover the list once, and a page past the end is empty with the right total', async () => {
    const pages = [1, 2, 3, 4].map((page) => list(`?page=${page}&page_size=3`));
    const replies = await Promise.all(pages);
    assert.deepEqual(replies.flatMap(names), ['Finn', 'Eve', 'Dina', 'Cleo', 'Ben', 'Ada', null]);
    assert.deepEqual(replies[3]?.at('users'), []);
    assert.deepEqual(replies[3]?.at('meta'), { page: 4, page_size: 3, total: 7, total_pages: 3 });
    const last = await list('?page=9007199254740991&page_size=100');
    assert.deepEqual([last.status, last.at('users'), last.at('meta.total')], [200, [], 7]);
  });

  test('a user is shown as in a read of that user', async () => {
    const reply = await list('?page_size=1');
    const one = await roster.call(`GET ${path}/${reply.number('users.0.id')}`, { session: admin.session });
    assert.deepEqual(reply.at('users.0'), one.body);
  });

  test('other users see only themselves', async () => {
    const [ada] = people;
    assert.ok(ada);
    const wishing = await addPerson(roster, { isClinical: true });
    const member = await addPerson(roster, { role: 'member' });
    for (const { session, number } of [ada, wishing, member]) {
      const reply = await list('', session);
      assert.deepEqual([reply.status, reply.at('users.0.id'), reply.at('users.1')], [200, number, undefined]);
      assert.deepEqual(reply.at('meta'), { page: 1, page_size: 50, total: 1, total_pages: 1 });
      const second = await list('?page=2&page_size=10', session);
      assert.deepEqual(second.body, {
        users: [],
        meta: { page: 2, page_size: 10, total: 1, total_pages: 1 },
      });
    }
  });

  test('a clinical user with the approval of an admin sees the organization, until the approval is withdrawn', async () => {
    const { session, number } = await addPerson(roster, { isClinical: true });
    const total = async (): Promise<number> => (await list('', session)).number('meta.total');
    const asAdmin = { session: admin.session };
    assert.equal(await total(), 1);
    assert.equal((await roster.call(`POST ${path}/${number}/approve_clinical`, asAdmin)).status, 200);
    assert.ok((await total()) > 7);
    const withdrawn = await roster.call(`PUT ${path}/${number}`, { ...asAdmin, json: { clinical: false } });
    assert.equal(withdrawn.at('clinical'), false);
    assert.equal(await total(), 1);
  });

  const outside = ['0', '-1', '1.5', 'abc', '', '9007199254740992', '1&page=2'];
  for (const page of outside) {
    test(`page=${page} names the limit`, async () => {
      const reply = await list(`?page=${page}`);
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.body, { errors: { page: ['must be between 1 and 9007199254740991'] } });
    });
  }

  test('a size outside the limit names it, for every caller, and both faults are reported together', async () => {
    const limit = 'must be between 1 and 100';
    for (const size of ['0', '101', '2.5', '', '10&page_size=10']) {
      const reply = await list(`?page_size=${size}`);
      assert.deepEqual([reply.status, reply.body], [422, { errors: { page_size: [limit] } }]);
    }
    const reply = await list('?page=0&page_size=0', people[0]?.session);
    assert.deepEqual(Object.keys(Object(reply.at('errors'))), ['page', 'page_size']);
    assert.equal((await list('?page_size=100')).status, 200);
  });

  test('without a valid session the list is 401', async () => {
    const ended = await addPerson(roster);
    await roster.call('DELETE /general/v1/sessions', { session: ended.session });
    const { admin: apiKey } = roster.organization.apiKeys;
    for (const ask of [{}, { session: 'nonsense' }, { session: ended.session }, { session: apiKey }]) {
      const reply = await roster.call(`GET ${path}?page=0`, ask);
      assert.deepEqual([reply.status, reply.body], [401, notAllowed]);
    }
  });
});
