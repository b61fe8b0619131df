/** A program signs in again and again. An account has twenty sessions at most, and the oldest ones end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { minuteMs } from '../../src/core/time.ts';
import { signUp } from '../contracts/general/sign-up.ts';
import { callAtOnce, statusCounts } from '../support/server/parallel.ts';
import { setUpRoster } from '../support/server/set-up.ts';

const path = '/general/v1/sessions';

describe('no account has more than twenty sessions', () => {
  const roster = setUpRoster();

  test('also after many sign-ins at the same time, and the oldest one ends', async () => {
    const { email, password, session: oldest } = await signUp(roster);
    const other = await signUp(roster);
    roster.clock.advance(minuteMs);
    const json = { email, password };
    const { token: second } = Object((await roster.call(`POST ${path}`, { json })).body);
    roster.clock.advance(minuteMs);
    const replies = await callAtOnce(roster.client, 19, () => [`POST ${path}`, { json }]);
    assert.deepEqual(statusCounts(replies), { 201: 19 });
    const list = await roster.call(`GET ${path}`, { session: second });
    assert.ok(Array.isArray(list.body));
    assert.equal(list.body.length, 20);
    assert.equal((await roster.call(`GET ${path}`, { session: oldest })).status, 401);
    const more = await callAtOnce(roster.client, 10, () => [`POST ${path}`, { json }]);
    assert.deepEqual(statusCounts(more), { 201: 10 });
    assert.equal(await roster.rows.count('sessions'), 20 + 1);
    // Each end by the limit is in the audit log, as one that the owner chose is.
    const ended = (await roster.rows.all('audit_events')).filter((row) => row['action'] === 'session.ended');
    assert.equal(ended.length, 1 + 10);
    assert.ok(ended.every((row) => row['actor_kind'] === 'public' && row['door'] === 'general'));
    assert.equal((await roster.call(`GET ${path}`, { session: other.session })).status, 200);
  });
});
