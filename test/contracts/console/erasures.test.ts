/** Erasures in the console: what is overdue first, found by the id of the person, with the receipt and its check. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Erasure, type ErasureState, userDigestOf } from '../../../src/core/erasure/erasure.ts';
import { newDatedId, newUserId } from '../../../src/core/ids.ts';
import { addPerson, bareId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import type { Tenant } from '../../support/server/start.ts';
import { expectRoles } from './roles.ts';

const api = '/console/api/v1';
const path = `${api}/erasures`;
const members = ['owner', 'privacy'] as const;

describe('erasures', () => {
  const roster = setUpRoster();
  const privacy = setUp(() => roster.organization.staff('privacy'));
  const other = setUp(() => roster.addOrganization());
  const ledger = setUpLedger(roster);

  const ask = (line: string, json?: unknown, { ask: credential } = privacy) =>
    roster.call(line, { ...credential, ...(json === undefined ? {} : { json }) });

  /** Deletes a person and waits for the receipt. */
  async function eraseOne(tenant: Tenant = roster.organization) {
    const { userId } = await addPerson(roster, {}, tenant);
    const reply = await roster.call(`DELETE /sonar/v1/users/${userId}`, { bearer: tenant.apiKeys.admin });
    await roster.settle();
    return { userId, id: reply.header('x-erasure-id') };
  }

  /** An erasure that waits, as a slow provider leaves it. */
  async function addWaiting(state: ErasureState, requestedAt = roster.clock.now()): Promise<string> {
    const id = newDatedId('era', roster.clock.now());
    const waiting: Omit<Erasure, 'orgKey'> = {
      ...{
        id,
        userDigest: userDigestOf(newUserId()),
        requestedAt,
        requestedBy: 'user',
        door: 'general',
        state,
      },
      ...{ removed: { users: 1 }, sealedTraces: null, dueAt: Number.MAX_SAFE_INTEGER, abandonReason: null },
      ...{ replayedAt: null, completedAt: null, receipt: null },
    };
    await roster.core.work.change(roster.organization.key, (tx) => tx.erasures.insert(waiting));
    return id;
  }

  test('an erasure is found by the id of its person in each spelling, by its digest, and by its own id', async () => {
    const { userId, id } = await eraseOne();
    const bare = bareId(userId);
    for (const written of [userId, bare, bare.toUpperCase(), userDigestOf(bare), id, ` ${userId} `]) {
      const found = await ask(`GET ${path}?userId=${encodeURIComponent(written)}`);
      assert.deepEqual([found.at('total'), found.at('items.0.id')], [1, id], written);
    }
    const none = await ask(`GET ${path}?userId=${userId}&state=running`);
    assert.deepEqual([none.at('total'), none.at('counts.complete')], [0, 1]);
    const theirs = await eraseOne(other);
    for (const written of [theirs.userId, theirs.id, `usr_${newUserId()}`]) {
      assert.equal((await ask(`GET ${path}?userId=${written}`)).at('total'), 0);
    }
    for (const query of ['userId=ann@example.com', 'userId=12', 'state=done', 'page=0', 'pageSize=101']) {
      const reply = await ask(`GET ${path}?${query}`);
      assert.deepEqual([reply.status, reply.at('error.code')], [422, 'invalid_fields'], query);
    }
  });

  test('one erasure has its rows, its providers and its receipt', async () => {
    const { id, userId } = await eraseOne();
    const reply = await ask(`GET ${path}/${id}`);
    assert.partialDeepStrictEqual(reply.body, {
      ...{ id, state: 'complete', requestedBy: 'api_key', door: 'sonar', providers: [] },
      userIdSha256: userDigestOf(bareId(userId)),
      ...{ abandonedBecause: null, replayedAt: null },
    });
    assert.equal(Object(reply.at('removed')).users, 1);
    const file = await ask(`GET ${path}/${id}/receipt`);
    assert.deepEqual([file.status, file.text], [200, `${reply.string('receipt')}\n`]);
    assert.equal(file.header('content-disposition'), `attachment; filename="receipt-${id}.jws"`);
  });

  test('a receipt of this deployment is valid, and a changed one and any other text are not', async () => {
    const { id } = await eraseOne();
    const receipt = (await ask(`GET ${path}/${id}`)).string('receipt');
    await ledger.mark();
    const check = (text: unknown) => ask(`POST ${api}/receipts/verify`, { receipt: text });
    const valid = await check(`\n${receipt}\n`);
    assert.deepEqual(
      [valid.at('isValid'), valid.at('reason'), valid.at('claims.erasure_id')],
      [true, null, id],
    );
    assert.equal(valid.at('claims.organization.name'), 'Default');
    const [head = '', payload = '', signature = ''] = receipt.split('.');
    const forged = Buffer.from(payload, 'base64url').toString().replace(id, newDatedId('era', 0));
    const cases: readonly (readonly [string, string])[] = [
      [`${head}.${Buffer.from(forged).toString('base64url')}.${signature}`, 'bad_signature'],
      // The last byte of one signature in sixteen is 0, so another byte changes.
      [`${head}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`, 'bad_signature'],
      ['a.b.c', 'malformed'],
      ['hello', 'malformed'],
      [
        `${Buffer.from('{"alg":"EdDSA","typ":"erasure-receipt+jws","kid":"x"}').toString('base64url')}.e30.AA`,
        'unknown_key',
      ],
    ];
    for (const [text, reason] of cases) {
      assert.deepEqual((await check(text)).body, { isValid: false, reason, kid: null, claims: null }, text);
    }
    for (const text of [undefined, null, '', ' ', 5, 'x'.repeat(100_001)])
      assert.equal((await check(text)).status, 422);
    await ledger.expect({});
  });

  test('owners and privacy may, and others are refused for their role', async () => {
    const { id } = await eraseOne();
    const on = { roster };
    for (const line of [`GET ${path}`, `GET ${path}/${id}`, `GET ${path}/${id}/receipt`]) {
      await expectRoles(on, members, line);
    }
    await expectRoles(on, members, `POST ${api}/receipts/verify`, { json: { receipt: 'a.b.c' } });
  });

  test('the erasure of another organization is not found', async () => {
    const { id } = await eraseOne(other);
    for (const line of [
      `GET ${path}/${id}`,
      `GET ${path}/${id}/receipt`,
      `GET ${path}/era_${'0'.repeat(32)}`,
    ]) {
      assert.equal((await ask(line)).status, 404, line);
    }
    const own = await other.staff('privacy');
    assert.equal((await ask(`GET ${path}/${id}`, undefined, own)).status, 200);
  });

  test('the list shows what is overdue first, then what is under way, then what is complete, with exact numbers', async () => {
    const before = (await ask(`GET ${path}`)).number('total');
    const complete = await eraseOne();
    const later = await eraseOne();
    await eraseOne(other);
    // From here on the jobs are never without work.
    const overdue = await addWaiting('overdue');
    const running = await addWaiting('running');
    const list = await ask(`GET ${path}`);
    assert.equal(list.status, 200);
    assert.deepEqual(
      [list.at('total'), list.at('isExact'), list.at('page'), list.at('pages')],
      [before + 4, true, 1, 1],
    );
    assert.deepEqual(list.at('counts'), { running: 1, overdue: 1, complete: before + 2 });
    const idsOf = (reply: typeof list) => [0, 1, 2, 3].map((at) => reply.at(`items.${at}.id`));
    assert.deepEqual(idsOf(list), [overdue, running, later.id, complete.id]);
    const pages = Math.ceil((before + 4) / 3);
    assert.deepEqual(idsOf(await ask(`GET ${path}?pageSize=3`)), [overdue, running, later.id, undefined]);
    const second = await ask(`GET ${path}?pageSize=3&page=2`);
    assert.deepEqual([second.at('pages'), second.at('items.0.id')], [pages, complete.id]);
    const only = await ask(`GET ${path}?state=complete&pageSize=1&page=2`);
    assert.deepEqual([only.at('total'), only.at('items.0.id')], [before + 2, complete.id]);
    assert.deepEqual((await ask(`GET ${path}?page=9`)).at('items'), []);
    const none = await ask(`GET ${path}/${running}/receipt`);
    assert.deepEqual([none.status, none.at('error.code')], [409, 'wrong_state']);
  });
});
