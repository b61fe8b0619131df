import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { minuteMs } from '../../../src/core/time.ts';
import { slowTest as test } from '../../support/effort.ts';
import type { Ask, Reply } from '../../support/server/http.ts';
import { openLedger } from '../../support/server/ledger.ts';
import { startRoster } from '../../support/server/start.ts';
import { signUpBody } from './sign-up.ts';

interface Limited {
  readonly line: string;
  readonly setting: string;
  /** A body that is refused cheaply. */
  readonly json: unknown;
}

const limits: readonly Limited[] = [
  { line: 'POST /v1/users', setting: 'ROSTER_LIMIT_SIGNUP', json: {} },
  { line: 'POST /v1/sessions', setting: 'ROSTER_LIMIT_SESSION', json: {} },
  { line: 'POST /v1/users/confirmation', setting: 'ROSTER_LIMIT_CONFIRMATION', json: {} },
  { line: 'POST /v1/users/passwords', setting: 'ROSTER_LIMIT_PASSWORD', json: {} },
  { line: 'POST /v1/users/email_has_account', setting: 'ROSTER_LIMIT_EMAIL_CHECK', json: {} },
];

describe('the limits by network and minute', () => {
  for (const { line, setting, json } of limits) {
    test(`${setting} limits only ${line}, and before the body is read`, async () => {
      const roster = await startRoster({ env: { [setting]: '3' } });
      try {
        const call = (each: string, ask: Ask = { json }): Promise<Reply> =>
          roster.call(each.replace(' ', ' /general'), ask);
        for (let count = 0; count < 3; count += 1) assert.equal((await call(line)).status, 422);
        const ledger = await openLedger(roster);
        for (const ask of [{ json: signUpBody() }, { body: 'no JSON' }, { session: 'nonsense', json }]) {
          const refused = await call(line, ask);
          assert.equal(refused.status, 429);
          assert.deepEqual(refused.body, { errors: 'Too many requests, try again later' });
          assert.equal(refused.header('retry-after'), '60');
        }
        await ledger.expect({});
        for (const other of limits.filter((each) => each.line !== line)) {
          assert.equal((await call(other.line)).status, 422);
        }
        roster.clock.advance(minuteMs);
        assert.equal((await call(line)).status, 422);
      } finally {
        await roster.close();
      }
    });
  }

  test('by default 100 sign-ups, sign-ins and confirmations, 30 password requests and address checks', async () => {
    const defaults = Object.fromEntries(limits.map(({ setting }) => [setting, undefined]));
    const roster = await startRoster({ env: defaults });
    try {
      for (const { line, json } of limits) {
        const statuses: number[] = [];
        const most = /passwords|email_has/.test(line) ? 30 : 100;
        for (let count = 0; count <= most; count += 1) {
          statuses.push((await roster.call(line.replace(' ', ' /general'), { json })).status);
        }
        assert.equal(statuses.filter((status) => status === 422).length, most, line);
        assert.equal(statuses.at(-1), 429, line);
      }
    } finally {
      await roster.close();
    }
  });

  test('networks behind a trusted proxy have a limit each, and an untrusted proxy cannot claim a network', async () => {
    const limit = { ROSTER_LIMIT_EMAIL_CHECK: '1' };
    const trusting = await startRoster({ env: { ...limit, ROSTER_TRUSTED_PROXIES: '127.0.0.0/8' } });
    const plain = await startRoster({ env: limit });
    try {
      const statuses = async (roster: typeof plain): Promise<number[]> => {
        const replies: number[] = [];
        for (const network of ['198.51.100.1', '198.51.100.2', '198.51.100.1']) {
          const headers = { 'x-forwarded-for': network };
          const line = 'POST /general/v1/users/email_has_account';
          replies.push((await roster.call(line, { json: {}, headers })).status);
        }
        return replies;
      };
      assert.deepEqual(await statuses(trusting), [422, 422, 429]);
      assert.deepEqual(await statuses(plain), [422, 429, 429]);
    } finally {
      await Promise.all([trusting.close(), plain.close()]);
    }
  });
});
