/** A name with a slip in it, in what selects people or changes something: it is refused and named, and nothing is done. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const roster = setUpRoster();
const owner = setUp(() => roster.organization.staff('owner'));
const engineer = setUp(() => roster.organization.staff('engineer'));
const person = setUp(() => addPerson(roster));
const ledger = setUpLedger(roster);
const base = '/console/api/v1';

/** The names that a refusal gives as unknown. */
async function unknownIn(line: string, json?: unknown, ask = owner.ask): Promise<readonly string[]> {
  const [method, path] = line.split(' ');
  const reply = await roster.call(`${method} ${base}${path}`, json === undefined ? ask : { ...ask, json });
  assert.deepEqual([reply.status, reply.at('error.code')], [422, 'invalid_fields'], `${line} ${reply.text}`);
  const fields: Readonly<Record<string, { readonly fault: string }>> = Object(reply.at('error.fields'));
  return Object.entries(fields).flatMap(([name, { fault }]) => (fault === 'unknown' ? [name] : []));
}

describe('an unknown name', () => {
  test('is refused by an export, which would hand out everyone', async () => {
    await ledger.mark();
    assert.deepEqual(await unknownIn('GET /people-export?q=popescu&statuss=active'), ['statuss']);
    assert.deepEqual(await unknownIn('GET /people-export?Status=active&page=2'), ['Status', 'page']);
    assert.deepEqual(await unknownIn(`GET /people/${person.userId}/export?only=email`), ['only']);
    await ledger.expect({});
  });

  test('is refused by a plan, which would take too many', async () => {
    await ledger.mark();
    const select = (selection: object) => ({ act: 'unlock', selection });
    const plan = 'POST /bulk-acts';
    assert.deepEqual(await unknownIn(plan, select({ query: { statuss: 'active' } })), ['statuss']);
    assert.deepEqual(await unknownIn(plan, select({ query: { page: 1 } })), ['page']);
    assert.deepEqual(await unknownIn(plan, select({ ids: [person.userId], querry: {} })), ['querry']);
    assert.deepEqual(await unknownIn(plan, { ...select({ ids: [person.userId] }), roles: 'member' }), [
      'roles',
    ]);
    assert.deepEqual(await unknownIn(`${plan}?act=delete`, select({ ids: [] })), ['act']);
    await ledger.expect({});
    const json = select({ query: { q: 'nobody-has-this-name', status: 'active' } });
    assert.equal((await roster.call(`POST ${base}/bulk-acts`, { ...owner.ask, json })).status, 201);
  });

  test('is refused by every change, which would look done', async () => {
    const apps = await roster.call(`GET ${base}/apps`, owner.ask);
    const keys = await roster.call(`GET ${base}/keys`, owner.ask);
    await ledger.mark();
    for (const path of [
      ...[`/people/${person.userId}`, `/staff/${engineer.staffId}`],
      ...[`/apps/${apps.string('items.0.id')}`, `/keys/${keys.string('items.0.id')}`],
    ]) {
      assert.deepEqual(await unknownIn(`PATCH ${path}`, { rolle: 'admin' }), ['rolle']);
      assert.deepEqual(await unknownIn(`PATCH ${path}?name=x`, {}), ['name']);
    }
    const path = `/people/${person.userId}`;
    assert.deepEqual(await unknownIn(`PATCH ${path}`, { role: 'admin', firstName: 'Ann' }), ['role']);
    assert.deepEqual(await unknownIn(`POST ${path}/acts/role`, { Role: 'admin' }), ['Role']);
    assert.deepEqual(await unknownIn(`POST ${path}/delete`, { confirm: 'x' }), ['confirm']);
    // Names that every object of the language has are no exception.
    const odd = JSON.parse('{"constructor": 1, "__proto__": 1, "toString": 1}');
    assert.deepEqual([...(await unknownIn(`PATCH ${path}`, odd))].sort(), [
      '__proto__',
      'constructor',
      'toString',
    ]);
    await ledger.expect({});
    assert.equal((await roster.call(`PATCH ${base}${path}`, { ...owner.ask, json: {} })).status, 200);
  });

  test('is told only to a role that may do it, and of many names some', async () => {
    const reply = await roster.call(`PATCH ${base}/people/${person.userId}`, {
      ...engineer.ask,
      json: { rolle: 1 },
    });
    assert.equal(reply.status, 403);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${'n'.repeat(200)}${at}`, at]));
    const named = await unknownIn(`PATCH /people/${person.userId}`, { ...many, short: 1 });
    assert.ok(named.length >= 1 && named.length <= 20 && named.every(({ length }) => length <= 64));
  });
});
