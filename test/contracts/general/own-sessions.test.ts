import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dayMs, minuteMs } from '../../../src/core/time.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { notAllowed, signUp } from './sign-up.ts';

const path = '/general/v1/sessions';
const notFound = { errors: 'Session not found' };

describe('the sessions of an account', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);
  const timeText = (): string => new Date(roster.clock.now()).toISOString();

  test('are listed newest first, with the one of the call', async () => {
    const { email, password, session } = await signUp(roster);
    const began = timeText();
    roster.clock.advance(minuteMs);
    const second = await roster.call(`POST ${path}`, { json: { email, password } });
    const reply = await roster.call(`GET ${path}`, { session });
    assert.equal(reply.status, 200);
    const [newest, oldest] = [reply.at('0'), reply.at('1')].map(Object);
    assert.deepEqual(reply.body, [newest, oldest]);
    assert.match(reply.string('0.id'), /^ses_[0-9a-f]{32}$/);
    assert.deepEqual(newest, {
      id: newest.id,
      created_at: timeText(),
      last_used_at: timeText(),
      current: false,
    });
    assert.deepEqual(oldest, { id: oldest.id, created_at: began, last_used_at: timeText(), current: true });
    const other = await roster.call(`GET ${path}`, { session: second.string('token') });
    assert.deepEqual([other.at('0.current'), other.at('1.current')], [true, false]);
  });

  test('end one by one, and each only by its owner', async () => {
    const { email, password, session } = await signUp(roster);
    const stranger = await addPerson(roster);
    const second = await roster.call(`POST ${path}`, { json: { email, password } });
    const list = await roster.call(`GET ${path}`, { session: second.string('token') });
    const ended = [list.at('0'), list.at('1')].map(Object).find(({ current }) => !current).id;
    await ledger.mark();
    for (const [id, by] of [
      [ended, stranger.session],
      [ended.toUpperCase(), session],
      ['ses_x', session],
      ['x'.repeat(5_000), session],
    ]) {
      const reply = await roster.call(`DELETE ${path}/${id}`, { session: by });
      assert.deepEqual([reply.status, reply.body], [404, notFound]);
    }
    await ledger.expect({});
    const reply = await roster.call(`DELETE ${path}/${ended}`, { session: second.string('token') });
    assert.deepEqual([reply.status, reply.text], [204, '']);
    await ledger.expect({
      audit: [{ action: 'session.ended', door: 'general', actor_kind: 'user' }],
      rows: { sessions: '-1' },
    });
    for (const line of [`GET ${path}`, `DELETE ${path}/${ended}`]) {
      const refused = await roster.call(line, { session });
      assert.deepEqual([refused.status, refused.body], [401, notAllowed]);
    }
    const again = await roster.call(`DELETE ${path}/${ended}`, { session: second.string('token') });
    assert.deepEqual([again.status, again.body], [404, notFound]);
  });

  test('include the one of the call, which may end itself', async () => {
    const { session } = await addPerson(roster);
    const list = await roster.call(`GET ${path}`, { session });
    const id = list.string('0.id');
    assert.equal((await roster.call(`DELETE ${path}/${id}`, { session })).status, 204);
    assert.equal((await roster.call(`GET ${path}`, { session })).status, 401);
  });

  test('are listed while they are valid', async () => {
    const { email, password, session } = await signUp(roster);
    roster.clock.advance(29 * dayMs);
    await roster.call(`POST ${path}`, { json: { email, password } });
    roster.clock.advance(1 * dayMs);
    const third = await roster.call(`POST ${path}`, { json: { email, password } });
    const list = await roster.call(`GET ${path}`, { session: third.string('token') });
    assert.deepEqual([list.at('1.current'), list.at('2')], [false, undefined]);
    assert.equal((await roster.call(`GET ${path}`, { session })).status, 401);
  });

  test('need a session to be listed or ended', async () => {
    for (const line of [`GET ${path}`, `DELETE ${path}/ses_${'0'.repeat(32)}`]) {
      for (const ask of [{}, { session: 'st_1_nonsense' }]) {
        const reply = await roster.call(line, ask);
        assert.deepEqual([reply.status, reply.body], [401, notAllowed]);
      }
    }
  });
});
