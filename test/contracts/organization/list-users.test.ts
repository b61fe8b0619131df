import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const path = '/organization/api/v1/users';

describe('GET /api/v1/users', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const people: { id: string; email: string; status: string }[] = [];

  const list = (query = '', bearer = tenant.apiKeys.reader) => roster.call(`GET ${path}${query}`, { bearer });

  before(async () => {
    for (const status of ['pending', 'active', 'inactive', 'active', 'pending'] as const) {
      roster.clock.advance(1_000);
      const email = `person-${people.length}@example.com`;
      const traits = { email, firstName: 'Jo', lastName: `Doe ${people.length}`, status };
      const { userId } = await addPerson(roster, traits);
      people.unshift({ id: userId, email, status });
    }
    const other = await roster.addOrganization();
    await addPerson(roster, { email: 'elsewhere@example.com' }, other);
  });
  const ledger = setUpLedger(roster);

  test('users are listed newest first, with the five fields of the document in its order', async () => {
    const reply = await list();
    assert.equal(reply.status, 200);
    assert.equal(reply.header('content-type'), 'application/json; charset=utf-8');
    const [newest] = people;
    assert.equal(
      reply.text.slice(0, reply.text.indexOf('}') + 1),
      `{"data":[{"id":"${newest?.id}","email":"person-4@example.com","name":"Jo Doe 4",` +
        '"status":"pending","created_at":"2026-03-02T12:00:05Z"}',
    );
    assert.deepEqual(
      people.map((_, index) => reply.at(`data.${index}.id`)),
      people.map(({ id }) => id),
    );
    assert.deepEqual(reply.at('meta'), { page: 1, limit: 20, total: 5 });
    await ledger.expect({});
  });

  test('users of the same instant are listed in the reverse order of their creation', async () => {
    const own = await roster.addOrganization();
    const made: string[] = [];
    for (let count = 0; count < 12; count++) made.unshift((await addPerson(roster, {}, own)).userId);
    const reply = await list('', own.apiKeys.admin);
    assert.deepEqual(
      made.map((_, index) => reply.at(`data.${index}.id`)),
      made,
    );
    await ledger.mark();
  });

  test('pages have the requested size, and no gap or repetition between them', async () => {
    const seen: unknown[] = [];
    for (const page of [1, 2, 3]) {
      const reply = await list(`?page=${page}&limit=2`);
      assert.deepEqual(reply.at('meta'), { page, limit: 2, total: 5 });
      seen.push(reply.at('data.0.id'), reply.at('data.1.id'));
    }
    assert.deepEqual(seen, [...people.map(({ id }) => id), undefined]);
  });

  test('a page past the end is an empty list with the right total', async () => {
    for (const page of [2, 1_000_000, Number.MAX_SAFE_INTEGER]) {
      const reply = await list(`?page=${page}&limit=100`);
      assert.equal(reply.status, 200);
      assert.deepEqual(reply.body, { data: [], meta: { page, limit: 100, total: 5 } });
    }
  });

  test('the status filters the items and the total', async () => {
    for (const status of ['active', 'inactive', 'pending']) {
      const wanted = people.filter((person) => person.status === status);
      const reply = await list(`?status=${status}&limit=1`);
      assert.equal(reply.at('data.0.id'), wanted[0]?.id);
      assert.equal(reply.at('data.0.status'), status);
      assert.deepEqual(reply.at('meta'), { page: 1, limit: 1, total: wanted.length });
    }
  });

  const limits = 'limit must be between 1 and 100';
  const pages = 'page must be between 1 and 9007199254740991';
  const statuses = 'status must be active, inactive or pending';
  const faults: readonly (readonly [query: string, message: string])[] = [
    ['limit=0', limits],
    ['limit=101', limits],
    ['limit=-1', limits],
    ['limit=2.0', limits],
    ['limit=1e1', limits],
    ['limit=', limits],
    ['limit=ten', limits],
    ['limit=%2010', limits],
    ['limit=10&limit=10', limits],
    ['limit=99999999999999999999', limits],
    ['page=0', pages],
    ['page=-1', pages],
    ['page=1.5', pages],
    ['page=', pages],
    ['page=9007199254740992', pages],
    ['page=1&page=2', pages],
    ['status=', statuses],
    ['status=Active', statuses],
    ['status=deleted', statuses],
    ['status=active&status=pending', statuses],
    ['limit=0&page=0&status=x', pages],
    ['limit=0&status=x', limits],
  ];
  for (const [query, message] of faults) {
    test(`?${query} is refused, naming the first fault`, async () => {
      const reply = await list(`?${query}`);
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.body, { error: 'validation_error', message });
    });
  }

  test('an unknown parameter is ignored', async () => {
    assert.equal((await list('?per_page=1&__proto__=1&sort=email')).number('meta.total'), 5);
  });

  test('users of another organization are neither shown nor counted', async () => {
    const other = await roster.addOrganization();
    await addPerson(roster, { email: 'person-0@example.com' }, other);
    const reply = await list('', other.apiKeys.admin);
    assert.deepEqual(reply.at('meta'), { page: 1, limit: 20, total: 1 });
    assert.equal(reply.at('data.0.email'), 'person-0@example.com');
    assert.equal((await list()).number('meta.total'), 5);
  });

  test('all API keys may list, and of users admins and members', async () => {
    const own = await roster.addOrganization();
    for (const key of Object.values(own.apiKeys)) assert.equal((await list('', key)).status, 200);
    for (const role of ['member', 'admin'] as const) {
      const { session } = await addPerson(roster, { role }, own);
      assert.equal((await list('', session)).status, 200);
    }
    const { session } = await addPerson(roster, { role: 'parent', isClinicalApproved: true }, own);
    const reply = await list('?limit=0', session);
    assert.equal(reply.status, 403);
    assert.deepEqual(reply.body, {
      error: 'forbidden',
      message: 'You do not have permission to do this',
    });
  });

  test('a user without name and email is listed with nulls', async () => {
    const own = await roster.addOrganization();
    const { userId } = await addPerson(roster, {}, own);
    const reply = await list('', own.apiKeys.admin);
    assert.deepEqual(reply.at('data'), [
      { id: userId, email: null, name: null, status: 'active', created_at: '2026-03-02T12:00:05Z' },
    ]);
  });
});
