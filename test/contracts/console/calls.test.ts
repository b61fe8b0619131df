/** What every call of the console has in common: the cookie, the own site, the form of the body, and the role. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { consoleContract } from '../../../src/contracts/console/contract.ts';
import {
  type Action,
  may,
  type StaffPrincipal,
  type StaffRole,
  staffRoles,
} from '../../../src/core/access/principal.ts';
import { describedDocuments } from '../../support/contracts/documents.ts';
import { fillPath } from '../../support/contracts/door.ts';
import { nameOf, type Operation, operationsOf } from '../../support/contracts/operations.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { staffAsk } from '../../support/server/staff.ts';
import { door } from './door.ts';

const roster = setUpRoster();
const owner = setUp(() => roster.organization.staff('owner'));
const person = setUp(() => addPerson(roster));
const ledger = setUpLedger(roster);

const operations = operationsOf(describedDocuments()).filter(({ contract }) => contract === 'console');
const changes = operations.filter(({ method }) => method !== 'GET');

/** The request line with valid values of all parameters. */
async function lineOf({ method, path }: Operation): Promise<string> {
  const context = { roster, tenant: roster.organization, user: person };
  return `${method} ${await fillPath(door, path, context)}`;
}

function bodyOf({ body }: Operation): { json?: unknown } {
  return body === null ? {} : { json: body.example };
}

/** The body with which an allowed role calls: each plans the acts that it may do. */
function bodyFor(operation: Operation, role: StaffRole): { json?: unknown } {
  const { json } = bodyOf(operation);
  if (operation.operationId !== 'planBulkAct' || role !== 'privacy') return bodyOf(operation);
  return { json: { ...Object(json), act: 'delete' } };
}

describe('a call that changes something', () => {
  const cookie = () => owner.ask.headers['cookie'] ?? '';
  const foreign: Readonly<Record<string, () => Record<string, string>>> = {
    'without the header of the console': () => ({ 'sec-fetch-site': 'same-origin' }),
    'from another site': () => ({ 'x-roster-console': '1', 'sec-fetch-site': 'cross-site' }),
    'from a neighbour site': () => ({ 'x-roster-console': '1', 'sec-fetch-site': 'same-site' }),
    'typed into the address bar': () => ({ 'x-roster-console': '1', 'sec-fetch-site': 'none' }),
    'with the origin of another site': () => ({
      'x-roster-console': '1',
      origin: 'https://evil.example.com',
    }),
    'with an opaque origin': () => ({ 'x-roster-console': '1', origin: 'null' }),
    'that does not say from where it comes': () => ({ 'x-roster-console': '1' }),
  };
  for (const operation of changes) {
    test(`is refused by ${nameOf(operation)} when a page of another site may have sent it`, async () => {
      const line = await lineOf(operation);
      await ledger.mark();
      for (const [title, headers] of Object.entries(foreign)) {
        const ask = { headers: { cookie: cookie(), ...headers() }, ...bodyOf(operation) };
        const reply = await roster.call(line, ask);
        assert.deepEqual([reply.status, reply.at('error.code')], [403, 'cross_site'], title);
      }
      await ledger.expect({});
    });
  }

  test('is taken with the own origin from a browser that sends no metadata', async () => {
    for (const origin of [roster.baseUrl, roster.baseUrl.replace('127.0.0.1', 'localhost')]) {
      const other = await roster.organization.staff('owner');
      const headers = { cookie: other.ask.headers['cookie'] ?? '', 'x-roster-console': '1', origin };
      assert.equal((await roster.call('DELETE /console/api/v1/session', { headers })).status, 204, origin);
    }
  });

  for (const operation of changes.filter(({ method }) => method !== 'DELETE')) {
    test(`with a body of the wrong form is refused by ${nameOf(operation)}`, async () => {
      const line = await lineOf(operation);
      const headers = { ...owner.ask.headers, 'content-type': 'application/json' };
      await ledger.mark();
      const broken = await roster.call(line, { headers, body: '{"email":' });
      assert.equal(broken.status, 400);
      const large = await roster.call(line, { headers, body: JSON.stringify('x'.repeat(300_000)) });
      assert.equal(large.status, 413);
      const text = { ...headers, 'content-type': 'text/plain' };
      assert.equal((await roster.call(line, { headers: text, body: 'x' })).status, 415);
      await ledger.expect({});
    });
  }
});

describe('a call without a session', () => {
  /** They need none, and answer for themselves. */
  const free = ['signIn', 'enrol'];
  for (const operation of operations.filter(({ operationId }) => !free.includes(operationId))) {
    test(`is refused by ${nameOf(operation)}`, async () => {
      const line = await lineOf(operation);
      for (const ask of [staffAsk(null), staffAsk('ss_1_x'), staffAsk(roster.organization.apiKeys.admin)]) {
        const reply = await roster.call(line, { ...ask, ...bodyOf(operation) });
        assert.deepEqual([reply.status, reply.at('error.code')], [401, 'unauthorized']);
      }
    });
  }
});

/** Who may do what in the console, as the documentation says. */
const rules: Readonly<Record<string, readonly StaffRole[]>> = {
  'console.people.read': ['owner', 'support', 'privacy', 'engineer'],
  'console.people.unmasked': ['owner', 'support', 'privacy'],
  'console.people.manage': ['owner', 'support'],
  'console.people.many': ['owner', 'support', 'privacy'],
  'console.people.rights': ['owner'],
  'console.people.export': ['owner', 'privacy'],
  'console.erasures.manage': ['owner', 'privacy'],
  'console.record.read': ['owner', 'privacy'],
  'console.keys.manage': ['owner', 'engineer'],
  'console.keys.deleting': ['owner'],
  'console.overview.read': ['owner', 'support', 'privacy', 'engineer'],
  'console.staff.manage': ['owner'],
  'users.read': ['owner', 'support', 'privacy'],
  'users.update': ['owner', 'support'],
  'users.delete': ['owner', 'privacy'],
  'users.create': [],
  'users.report': [],
  'connections.read': ['owner', 'support', 'privacy'],
  'connections.manage': [],
  'erasures.read': ['owner', 'privacy'],
  'audit.read': ['owner', 'privacy'],
  'care.read': ['owner', 'support', 'privacy'],
  'care.manage': ['owner', 'support'],
  'staff.read': [],
  'staff.invite': [],
  'staff.invite_admin': [],
};

describe('the role of a staff account', () => {
  test('decides by the rulebook', () => {
    for (const [action, allowed] of Object.entries(rules)) {
      for (const role of staffRoles) {
        const principal: StaffPrincipal = {
          ...{ kind: 'staff', door: 'console', orgKey: 1, staffId: 'stf_1', role, sessionId: 'ses_1' },
          freshUntil: 0,
        };
        assert.equal(may(principal, action as Action), allowed.includes(role), `${role} ${action}`);
      }
    }
  });

  const guarded = new Map(
    consoleContract.routes({} as never, () => ({})).map(({ operationId, access }) => [operationId, access]),
  );
  for (const operation of operations) {
    const access = guarded.get(operation.operationId) ?? '';
    const allowed = rules[access];
    if (allowed === undefined) continue;
    test(`decides who may call ${nameOf(operation)}`, async () => {
      for (const role of staffRoles.filter((each) => !allowed.includes(each))) {
        const { ask } = await roster.organization.staff(role);
        const line = await lineOf(operation);
        await ledger.mark();
        const reply = await roster.call(line, { ...ask, ...bodyOf(operation) });
        assert.deepEqual([reply.status, reply.at('error.code')], [403, 'forbidden'], role);
        await ledger.expect({});
      }
      for (const role of allowed) {
        const { ask } = await roster.organization.staff(role);
        const reply = await roster.call(await lineOf(operation), { ...ask, ...bodyFor(operation, role) });
        assert.notEqual(reply.at('error.code'), 'forbidden', role);
        assert.notEqual(reply.status, 401, role);
      }
    });
  }

  test('is the present one, also in a session from before', async () => {
    const other = await roster.organization.staff('owner');
    const change = { ...owner.ask, json: { role: 'engineer' } };
    assert.equal((await roster.call(`PATCH /console/api/v1/staff/${other.staffId}`, change)).status, 200);
    assert.equal((await roster.call('GET /console/api/v1/staff', other.ask)).status, 403);
    assert.equal((await roster.call('GET /console/api/v1/session', other.ask)).at('staff.role'), 'engineer');
  });
});
