import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hourMs } from '../../../src/core/time.ts';
import { addPerson, bareId, unknownUserId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const path = '/sonar/v1/users';

describe('GET /v1/users/{user_id}', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const read = (id: string, bearer = tenant.apiKeys.reader) => roster.call(`GET ${path}/${id}`, { bearer });

  test('keys of every role read a user, with nulls for unknown fields', async () => {
    const { userId } = await addPerson(roster);
    await ledger.mark();
    for (const key of Object.values(tenant.apiKeys)) {
      const reply = await read(userId, key);
      assert.equal(reply.status, 200);
      assert.equal(
        reply.text,
        `{"data":{"id":"${userId}","reference_id":null,"timezone":"UTC","status":"active",` +
          '"score_status":"calibrating","last_sync_at":null,"last_score_at":null,"created_at":"2026-03-02T12:00:00Z"}}',
      );
    }
    await ledger.expect({});
  });

  test('the status is that of the user', async () => {
    for (const status of ['pending', 'active', 'inactive'] as const) {
      const { userId } = await addPerson(roster, { status });
      assert.equal((await read(userId)).at('data.status'), status);
    }
  });

  test('the score state is computed at the time of the read', async () => {
    const { userId } = await addPerson(roster);
    const state = async () => (await read(userId)).at('data.score_status');
    const report = (what: 'syncs' | 'scores') =>
      roster.call(`POST ${path}/${userId}/${what}`, { bearer: tenant.apiKeys.member });
    await report('syncs');
    assert.equal(await state(), 'calibrating');
    await report('scores');
    assert.equal(await state(), 'ready');
    roster.clock.advance(72 * hourMs - 1);
    assert.equal(await state(), 'ready');
    roster.clock.advance(1);
    assert.equal(await state(), 'stale');
    await report('syncs');
    assert.equal(await state(), 'ready');
  });

  test('an unknown id and an id of another account get the same 404', async () => {
    const foreign = await addPerson(roster, {}, await roster.addOrganization());
    const { userId } = await addPerson(roster);
    await ledger.mark();
    const spellings = [
      foreign.userId,
      unknownUserId,
      'usr_invalid',
      ':user_id',
      userId.toUpperCase(),
      bareId(userId),
      `${userId}0`,
      'usr_',
      '1',
      "o'brien",
    ];
    for (const id of spellings) {
      const reply = await read(encodeURIComponent(id));
      assert.equal(reply.status, 404);
      assert.deepEqual(reply.body, { error: 'not_found', message: `User '${id}' not found.`, details: {} });
    }
    await ledger.expect({});
  });

  test("the caller's text is repeated short and without invisible characters", async () => {
    const shown: readonly (readonly [written: string, shown: string])[] = [
      ['usr_%0A%00%1B[31m', 'usr_\ufffd\ufffd\ufffd[31m'],
      ['usr_%E2%80%AEabc', 'usr_\ufffdabc'],
      ['x'.repeat(90), `${'x'.repeat(64)}…`],
    ];
    for (const [written, text] of shown) {
      const reply = await read(written);
      assert.equal(reply.status, 404);
      assert.equal(reply.at('message'), `User '${text}' not found.`);
    }
  });
});
