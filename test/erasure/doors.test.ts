/** A deletion does the same through every API, and its receipt says what was done and nothing else. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe } from 'node:test';
import { eraseUsers, planErasures } from '../../src/core/erasure/erase-users.ts';
import type { ReceiptClaims } from '../../src/core/erasure/receipt.ts';
import { keptTables } from '../../src/store/users/user-erasure.ts';
import { doorNames, doorOf, openDoors } from '../journeys/doors.ts';
import { strongPassword } from '../support/contracts/door.ts';
import { addPerson } from '../support/contracts/people.ts';
import { slowTest as test } from '../support/effort.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { startRoster, testDoor } from '../support/server/start.ts';
import { addKnownPerson, type KnownPerson, textsOf } from './known-person.ts';
import { askErasure, claimsIn, fetchKeys, receiptOf } from './receipts.ts';

const erasureId = /^era_[0-9a-f]{32}$/;
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** Tables that an erasure adds rows to, or that have no rows of a person. */
const others = new Set([
  ...[
    'audit_events',
    'erasures',
    'revocations',
    'receipt_keys',
    'erasure_ledgers',
    'user_counts',
    'unwritten_receipts',
  ],
]);

const roster = setUpRoster();
const doors = setUp(() => openDoors(roster, roster.organization));

async function countRows(): Promise<Record<string, number>> {
  const tables = (await roster.rows.tables()).filter((table) => !others.has(table));
  const counts = await Promise.all(
    tables.map(async (table) => [table, await roster.rows.count(table)] as const),
  );
  return Object.fromEntries(counts);
}

function lossBetween(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(before).flatMap(([table, count]) => {
      const loss = count - (after[table] ?? 0);
      // A count of the day may begin at any moment.
      return loss === 0 || (table === 'day_totals' && loss < 0) ? [] : [[table, loss]];
    }),
  );
}

/** No credential of the person works, and no API shows them. */
async function checkGone(person: KnownPerson): Promise<void> {
  const headers = { 'x-app-id': doors.tenant.app.appId };
  for (const { name, read, list, idOf } of doors.all) {
    assert.equal((await read(person)).status, 404, name);
    assert.ok(!(await list()).includes(idOf(person)), name);
  }
  const { email, session, connectToken, code, resetToken, number, userId } = person;
  const json = { email, password: strongPassword };
  assert.equal((await roster.call('POST /general/v1/sessions', { headers, json })).status, 401);
  assert.equal((await roster.call(`GET /general/v1/users/${number}`, { session })).status, 401);
  assert.equal((await roster.call('GET /organization/api/v1/users', { bearer: session })).status, 401);
  const confirmation = { user_id: number, confirmation_code: code };
  const confirmed = await roster.call('POST /general/v1/users/confirmation', { headers, json: confirmation });
  assert.ok(confirmed.status >= 400, confirmed.text);
  const validated = await roster.call(`GET /general/v1/users/passwords/validate?token=${resetToken}`);
  assert.equal(validated.status, 422);
  const page = await fetch(`${roster.baseUrl}/connect/api/session`, {
    headers: { authorization: `Bearer ${connectToken}` },
  });
  assert.ok(page.status >= 400, String(page.status));
  const devices = await roster.call(`GET /sonar/v1/users/${userId}/devices`, {
    bearer: doors.tenant.apiKeys.admin,
  });
  assert.equal(devices.status, 404);
  assert.deepEqual(await roster.outbox(email), []);
  const account = await roster.call('POST /general/v1/users/email_has_account', { headers, json: { email } });
  assert.equal(account.at('email_has_account') ?? account.at('has_account') ?? false, false, account.text);
}

function checkClaims(claims: ReceiptClaims, person: KnownPerson, expected: Partial<ReceiptClaims>): void {
  assert.partialDeepStrictEqual(claims, expected);
  assert.deepEqual(Object.keys(claims).sort(), [
    ...['completed_at', 'door', 'erasure_id', 'iss', 'kept', 'organization', 'providers', 'removed'],
    ...['requested_at', 'requested_by', 'user_id_sha256'],
  ]);
  const { id, name } = roster.organization;
  assert.deepEqual(claims.organization, { id, name });
  assert.equal(claims.iss, roster.core.issuer());
  assert.equal(claims.user_id_sha256, hash('sha256', person.humanId));
  assert.match(claims.requested_at, instant);
  assert.match(claims.completed_at, instant);
  assert.deepEqual(claims.providers, []);
  assert.deepEqual(claims.kept, keptTables);
  assert.deepEqual(claims.kept.map(({ table }) => table).sort(), ['audit_events', 'erasures', 'revocations']);
  const text = JSON.stringify(claims);
  for (const known of [...textsOf(person), person.humanId, String(person.number)]) {
    assert.ok(!text.includes(known), `the receipt tells ${known}`);
  }
}

describe('a deletion', () => {
  for (const name of doorNames) {
    test(`through ${name} ends everything, and its receipt counts every row`, async () => {
      const person = await addKnownPerson(doors, `somebody-of-${name}`);
      const before = await countRows();
      const { asker, remove } = doorOf(doors.all, name);
      const reply = await remove(person);
      assert.deepEqual([reply.status, reply.text], [204, '']);
      const id = reply.header('x-erasure-id');
      assert.match(id, erasureId);
      const claims = claimsIn(await receiptOf(roster, id), await fetchKeys(roster));
      const loss = lossBetween(before, await countRows());
      assert.deepEqual(claims.removed, loss);
      assert.equal(loss['users'], 1);
      for (const table of ['sessions', 'confirmation_codes', 'password_tokens', 'messages', 'idempotency']) {
        assert.ok((loss[table] ?? 0) > 0, table);
      }
      for (const table of [
        'login_failures',
        'throttle_hits',
        'connections',
        'oauth_attempts',
        'connect_tokens',
      ]) {
        assert.ok((loss[table] ?? 0) > 0, table);
      }
      checkClaims(claims, person, { erasure_id: id, requested_by: asker, door: name });
      await checkGone(person);
    });
  }

  test('of a list by the operator does the same', async () => {
    const person = await addKnownPerson(doors, 'somebody-of-a-list');
    const before = await countRows();
    const plan = await planErasures(roster.core, [person.humanId], null);
    assert.partialDeepStrictEqual(plan, { unknown: 0, connected: 1 });
    const outcomes = await Array.fromAsync(eraseUsers(roster.core, testDoor, plan));
    assert.deepEqual(outcomes, [{ erased: 1, gone: 0, lastAdmins: 0 }]);
    const [newest] = await roster.core.work.readSystem('operator', (tx) => tx.erasures.list(null, 1));
    assert.ok(newest);
    const claims = claimsIn(await receiptOf(roster, newest.id), await fetchKeys(roster));
    assert.deepEqual(claims.removed, lossBetween(before, await countRows()));
    checkClaims(claims, person, { erasure_id: newest.id, requested_by: 'operator', door: testDoor });
    await checkGone(person);
  });

  test('takes effect immediately, and does not change other users', async () => {
    const neighbour = await addKnownPerson(doors, 'neighbour');
    const person = await addKnownPerson(doors, 'not-the-neighbour');
    const shown = await doors.general.show(neighbour);
    const messages = await roster.outbox(neighbour.email);
    assert.equal((await doors.sonar.remove(person)).status, 204);
    // Immediately, before or after the second pass.
    await checkGone(person);
    await roster.settle();
    assert.deepEqual(await doors.general.show(neighbour), shown);
    assert.deepEqual(await roster.outbox(neighbour.email), messages);
    const { session, number } = neighbour;
    assert.equal((await roster.call('DELETE /general/v1/sessions', { session })).status, 204);
    assert.ok((await doors.sonar.list()).includes(neighbour.userId), String(number));
  });

  test('that is refused begins no erasure', async () => {
    const count = () => roster.rows.count('erasures');
    const before = await count();
    const { userId } = await addPerson(roster);
    const refused = await roster.call(`DELETE /sonar/v1/users/${userId}`, {
      bearer: doors.tenant.apiKeys.member,
    });
    assert.deepEqual([refused.status, refused.headers['x-erasure-id']], [403, undefined]);
    assert.equal(await count(), before);
  });
});

describe('GET /v1/erasures/{id}', () => {
  async function erase(): Promise<string> {
    const { userId } = await addPerson(roster);
    const reply = await roster.call(`DELETE /sonar/v1/users/${userId}`, {
      bearer: doors.tenant.apiKeys.admin,
    });
    return reply.header('x-erasure-id');
  }

  test('has no receipt while it runs, and one that does not change once it is complete', async () => {
    const { orgKey, id } = await roster.core.work.change(doors.tenant.key, async (tx) => {
      // No job advances this erasure: it is due long after the test.
      const known = { id: `era_${'5'.repeat(32)}`, requestedBy: 'api_key', door: testDoor } as const;
      const open = {
        sealedTraces: null,
        abandonReason: null,
        replayedAt: null,
        completedAt: null,
        receipt: null,
      };
      const dueAt = Number.MAX_SAFE_INTEGER;
      const at = roster.clock.now();
      const rest = { userDigest: '', requestedAt: at, state: 'running', removed: {}, dueAt } as const;
      await tx.erasures.insert({ ...known, ...open, ...rest });
      return { orgKey: tx.orgKey, id: known.id };
    });
    const running = await askErasure(roster, id);
    assert.deepEqual(running.body, {
      data: {
        ...{ id, state: 'running', requested_at: '2026-03-02T12:00:00Z' },
        ...{ completed_at: null, receipt: null },
      },
    });
    await roster.core.work.change(orgKey, async (tx) => {
      const erasure = await tx.erasures.lock(id);
      assert.ok(erasure);
      await tx.erasures.update(erasure, { state: 'overdue' });
    });
    assert.equal((await askErasure(roster, id)).at('data.state'), 'overdue');
    await roster.core.work.change(orgKey, async (tx) => {
      const erasure = await tx.erasures.lock(id);
      assert.ok(erasure);
      await tx.erasures.update(erasure, { dueAt: 0 });
    });
    const receipt = await receiptOf(roster, id);
    assert.equal(await receiptOf(roster, id), receipt);
  });

  test('answers admin keys of the same organization only, and tells other callers nothing', async () => {
    const id = await erase();
    const other = await roster.addOrganization();
    const { member, reader } = doors.tenant.apiKeys;
    for (const bearer of [member, reader]) {
      for (const asked of [id, `era_${'0'.repeat(32)}`]) {
        assert.equal((await roster.call(`GET /sonar/v1/erasures/${asked}`, { bearer })).status, 403);
      }
    }
    assert.equal((await roster.call(`GET /sonar/v1/erasures/${id}`)).status, 401);
    const session = doors.admin.session;
    assert.equal((await roster.call(`GET /sonar/v1/erasures/${id}`, { bearer: session })).status, 401);
    const foreign = await askErasure(roster, id, other);
    const unknown = await askErasure(roster, `era_${'0'.repeat(32)}`);
    assert.deepEqual([foreign.status, unknown.status], [404, 404]);
    assert.equal(foreign.text.replaceAll(id, 'ID'), unknown.text.replaceAll(`era_${'0'.repeat(32)}`, 'ID'));
    assert.equal((await askErasure(roster, id)).status, 200);
  });
});

describe('/.well-known/jwks.json', () => {
  test('has public keys only, for every caller, on every host', async () => {
    const { keys } = await fetchKeys(roster);
    assert.equal(keys.length, 1);
    for (const key of keys) {
      assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
      const thumbprint = JSON.stringify({ crv: key.crv, kty: key.kty, x: key.x });
      assert.equal(key.kid, hash('sha256', thumbprint, 'base64url'));
      assert.equal(Buffer.from(key.x, 'base64url').length, 32);
    }
    for (const host of ['sonar.localhost', 'general.localhost']) {
      const reply = await roster.client.open('GET /.well-known/jwks.json', { host });
      assert.equal(reply.statusCode, 200, host);
      assert.equal(reply.headers['access-control-allow-origin'], '*');
      reply.resume();
    }
  });

  test('exists before the first erasure', async () => {
    const fresh = await startRoster();
    try {
      assert.equal((await fetchKeys(fresh)).keys.length, 1);
    } finally {
      await fresh.close();
    }
  });
});
