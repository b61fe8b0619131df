import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hourMs } from '../../../src/core/time.ts';
import { addPerson } from '../../support/contracts/people.ts';
import type { Ask } from '../../support/server/http.ts';
import { callAtOnce } from '../../support/server/parallel.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const path = '/sonar/v1/users';

describe('an Idempotency-Key', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const post = (line: string, key: string, ask: Ask = {}) =>
    roster.call(`POST ${line}`, {
      bearer: tenant.apiKeys.member,
      ...ask,
      headers: { 'Idempotency-Key': key },
    });

  test('gives a repeated creation the effect and the answer of one', async () => {
    const json = { reference_id: 'once' };
    const first = await post(path, 'create', { json });
    assert.equal(first.status, 201);
    await ledger.expect({
      audit: [{ action: 'user.created' }],
      rows: { users: '+1', idempotency: '+1' },
    });
    // Another way in and another key of the same organization: still the same request.
    const ways: readonly (readonly [string, Ask])[] = [
      [path, {}],
      ['/v1/users', {}],
      ['/v1/users', { host: 'sonar.localhost' }],
      [path, { bearer: tenant.apiKeys.admin }],
    ];
    for (const [line, ask] of ways) {
      const again = await post(line, 'create', { json, ...ask });
      assert.equal(again.status, 201);
      assert.equal(again.text, first.text);
    }
    await ledger.expect({});
  });

  test('answers a repetition with the present state of the user', async () => {
    const id = (await post(path, 'anew')).string('data.id');
    await roster.call(`PATCH ${path}/${id}`, {
      bearer: tenant.apiKeys.member,
      json: { timezone: 'Asia/Tokyo' },
    });
    await ledger.mark();
    const again = await post(path, 'anew');
    assert.deepEqual([again.at('data.id'), again.at('data.timezone')], [id, 'Asia/Tokyo']);
    await ledger.expect({});
  });

  test('with another body is refused', async () => {
    await post(path, 'other body', { json: { timezone: 'UTC' } });
    await ledger.mark();
    for (const ask of [{}, { json: {} }, { json: { timezone: 'Asia/Tokyo' } }]) {
      const reply = await post(path, 'other body', ask);
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.body, {
        error: 'validation_error',
        message: 'This Idempotency-Key came with another body before.',
        details: { 'Idempotency-Key': ['came with another body before'] },
      });
    }
    await ledger.expect({});
  });

  test('works for reports, separately for each path and user', async () => {
    const one = await addPerson(roster);
    const two = await addPerson(roster);
    await ledger.mark();
    const first = await post(`${path}/${one.userId}/syncs`, 'report');
    assert.equal(first.status, 202);
    roster.clock.advance(60_000);
    const again = await post(`${path}/${one.userId}/syncs`, 'report');
    assert.equal(again.status, 202);
    assert.equal(again.text, first.text);
    assert.equal((await post(`${path}/${one.userId}/scores`, 'report')).status, 202);
    assert.equal((await post(`${path}/${two.userId}/syncs`, 'report')).status, 202);
    await ledger.expect({
      audit: [{ action: 'user.synced' }, { action: 'user.scored' }, { action: 'user.synced' }],
      rows: { users: '~2', idempotency: '+3' },
    });
  });

  test('does not store a refusal', async () => {
    assert.equal((await post(path, 'refused', { json: { timezone: 'x' } })).status, 422);
    await ledger.expect({});
    assert.equal((await post(path, 'refused', { json: { timezone: 'UTC' } })).status, 201);
    await ledger.mark();
  });

  test('is forgotten after 24 hours', async () => {
    const first = (await post(path, 'a day')).string('data.id');
    roster.clock.advance(24 * hourMs - 1);
    assert.equal((await post(path, 'a day')).string('data.id'), first);
    roster.clock.advance(1);
    assert.notEqual((await post(path, 'a day')).string('data.id'), first);
    await ledger.mark();
  });

  test('is forgotten with its user', async () => {
    const first = (await post(path, 'deleted')).string('data.id');
    await roster.call(`DELETE ${path}/${first}`, { bearer: tenant.apiKeys.admin });
    const again = await post(path, 'deleted', { json: { timezone: 'Asia/Tokyo' } });
    assert.equal(again.status, 201);
    assert.notEqual(again.string('data.id'), first);
    await ledger.mark();
  });

  test('of one organization is independent of the same key of another', async () => {
    const other = await roster.addOrganization();
    const first = await post(path, 'shared');
    const second = await post(path, 'shared', { bearer: other.apiKeys.admin, json: {} });
    assert.equal(second.status, 201);
    assert.notEqual(second.string('data.id'), first.string('data.id'));
    await ledger.mark();
  });

  test('of a request that still runs is refused with a time to retry, only in its organization', async () => {
    const other = await roster.addOrganization();
    await ledger.mark();
    const busy = Promise.withResolvers<void>();
    const holding = roster.core.work.change(tenant.key, () => busy.promise);
    const first = post(path, 'running');
    while (roster.core.running.size === 0) await sleep(1);
    const second = await post(path, 'running', { json: {} });
    const foreign = post(path, 'running', { bearer: other.apiKeys.admin });
    // The request waits for its commit; a refusal would not.
    await Promise.race([foreign, sleep(50)]);
    busy.resolve();
    await holding;
    assert.equal((await foreign).status, 201);
    assert.equal(second.status, 409);
    assert.deepEqual(second.body, {
      error: 'conflict',
      message: 'The first request with this Idempotency-Key is still running.',
      details: {},
    });
    assert.equal(second.header('retry-after'), '1');
    assert.equal((await first).status, 201);
    await ledger.expect({
      audit: [{ action: 'user.created' }, { action: 'user.created' }],
      rows: { users: '+2', idempotency: '+2' },
    });
  });

  test('of many requests at the same time makes one user; the others are refused or get the same answer', async () => {
    const replies = await callAtOnce(roster.client, 20, () => [
      `POST ${path}`,
      { bearer: tenant.apiKeys.member, headers: { 'idempotency-key': 'parallel' }, json: {} },
    ]);
    const made = replies.filter(({ status }) => status === 201);
    assert.ok(made.length >= 1);
    assert.equal(new Set(made.map((reply) => reply.text)).size, 1);
    for (const reply of replies.filter(({ status }) => status !== 201)) {
      assert.equal(reply.status, 409);
      assert.equal(reply.string('error'), 'conflict');
      assert.equal(reply.header('retry-after'), '1');
    }
    await ledger.expect({
      audit: [{ action: 'user.created' }],
      rows: { users: '+1', idempotency: '+1' },
    });
  });

  const invalid: readonly (readonly [title: string, key: string, text: string])[] = [
    ['an empty one', '', 'must not be empty'],
    ['a blank one', '  ', 'must not be empty'],
    ['one of 256 characters', 'k'.repeat(256), 'must have at most 255 characters'],
  ];
  for (const [title, key, text] of invalid) {
    test(`is an invalid field where it is ${title}`, async () => {
      const { userId } = await addPerson(roster);
      await ledger.mark();
      for (const line of [path, `${path}/${userId}/syncs`, `${path}/${userId}/scores`]) {
        const reply = await post(line, key);
        assert.equal(reply.status, 422);
        assert.deepEqual(reply.body, {
          error: 'validation_error',
          message: `Idempotency-Key ${text}.`,
          details: { 'Idempotency-Key': [text] },
        });
      }
      await ledger.expect({});
    });
  }

  test('of 255 characters is accepted, and no personal data is stored with it', async () => {
    const json = { reference_id: 'jane.doe@example.com' };
    assert.equal((await post(path, 'k'.repeat(255), { json })).status, 201);
    await ledger.expect({
      audit: [{ action: 'user.created' }],
      rows: { users: '+1', idempotency: '+1' },
    });
    assert.doesNotMatch(JSON.stringify(await roster.rows.all('idempotency')), /jane|kkk|reference/);
  });
});
