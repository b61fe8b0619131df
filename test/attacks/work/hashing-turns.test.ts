/**
 * A caller floods the queue of passwords, with many sign-ins or sign-ups, or with callers that hang up. Turns go round by
 * network and account, so that others are served; a caller that has left costs no hash.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PasswordHasher } from '../../../src/core/access/password.ts';
import { createPasswordHasher } from '../../../src/gateways/password-hasher.ts';
import { signUp, signUpBody } from '../../contracts/general/sign-up.ts';
import { findPort } from '../../support/machine/port.ts';
import { countHashes } from '../../support/server/hash-count.ts';
import type { Reply } from '../../support/server/http.ts';
import { readMetrics } from '../../support/server/metrics.ts';
import { callAtOnce, statusCounts } from '../../support/server/parallel.ts';
import { type Roster, startRoster } from '../../support/server/start.ts';

const path = '/general/v1';
/** A queue that is filled with little work. */
const queueMax = 32;
const many = 48;

/** Counts the hashes that are done when the first one is refused. */
function countHashed(hasher: PasswordHasher): { beforeRefusal: number } {
  const counts = { beforeRefusal: Number.POSITIVE_INFINITY };
  let done = 0;
  const { hash } = hasher;
  Object.assign(hasher, {
    async hash(...words: Parameters<typeof hash>) {
      try {
        const text = await hash(...words);
        done += 1;
        return text;
      } catch (error) {
        counts.beforeRefusal = Math.min(counts.beforeRefusal, done);
        throw error;
      }
    },
  });
  return counts;
}

describe('a flood of passwords', () => {
  let roster: Roster;
  let port: number;

  before(async () => {
    port = await findPort();
    const env = {
      ROSTER_TRUSTED_PROXIES: '127.0.0.1',
      ROSTER_METRICS_PORT: String(port),
    };
    roster = await startRoster({ env, hasStandardHashes: true });
  });
  after(() => roster.close());

  const signIn = (network: string, email: string, password: string): Promise<Reply> =>
    roster.call(`POST ${path}/sessions`, {
      headers: { 'x-forwarded-for': network },
      json: { email, password },
    });
  const waiting = (): number => Number(Reflect.get(roster.core.hasher, 'waiting'));
  const untilWaiting = async (units: number): Promise<void> => {
    const until = performance.now() + 2_000;
    while (waiting() < units && performance.now() < until) await sleep(1);
  };

  test('from one network keeps the others served', async (t) => {
    const person = await signUp(roster);
    const { hasher } = roster.core;
    Object.assign(roster.core, { hasher: createPasswordHasher({ queueMax, concurrency: 1 }) });
    t.after(() => Object.assign(roster.core, { hasher }));
    const flood = callAtOnce(roster.client, many, (index) => [
      `POST ${path}/sessions`,
      {
        headers: { 'x-forwarded-for': '192.0.2.1' },
        json: { email: `stranger-${index}@example.com`, password: 'a wrong one' },
      },
    ]);
    await untilWaiting(queueMax - 4);
    assert.equal((await signIn('198.51.100.7', person.email, person.password)).status, 201);
    const replies = await flood;
    const { 401: wrong = 0, 429: over = 0, 503: refused = 0 } = statusCounts(replies);
    assert.ok(over + refused > 0, 'the flood filled the queue');
    assert.equal(wrong + over + refused, many);
    for (const reply of replies) if (reply.status !== 401) assert.equal(reply.header('retry-after'), '2');
  });

  test('gets the answer at once where it would wait too long, and keeps what can be hashed in time', async (t) => {
    const { hasher } = roster.core;
    t.after(() => Object.assign(roster.core, { hasher }));
    const inTime = 20;
    const pace = createPasswordHasher({ queueMax: 256, concurrency: 1 });
    const startedAt = performance.now();
    for (let left = 3; left > 0; left--) await pace.hash('a quiet harbour');
    const waitMsMax = (inTime * (performance.now() - startedAt)) / 3;
    Object.assign(roster.core, {
      hasher: createPasswordHasher({ queueMax: 256, concurrency: 1, waitMsMax }),
    });
    for (let left = 3; left > 0; left--) await roster.core.hasher.hash('a quiet harbour');
    const hashes = countHashed(roster.core.hasher);
    const flood = await callAtOnce(roster.client, 3 * inTime, () => [
      `POST ${path}/users`,
      { json: signUpBody() },
    ]);
    assert.ok(
      hashes.beforeRefusal <= inTime / 2,
      `${hashes.beforeRefusal} were hashed before the first refusal`,
    );
    const { 201: made = 0, 503: refused = 0 } = statusCounts(flood);
    assert.deepEqual([made + refused, made > 0, refused > 0], [3 * inTime, true, true]);
    for (const reply of flood) {
      if (reply.status === 503) assert.match(reply.header('retry-after'), /^[1-9]\d*$/);
    }
  });

  test('by one account keeps the others of its network served', async () => {
    const flooder = await signUp(roster);
    const person = await signUp(roster);
    const flood = callAtOnce(roster.client, 20, () => [
      `POST ${path}/sessions`,
      { json: { email: flooder.email, password: flooder.password } },
    ]);
    // No more checks of one account run and wait than it has free guesses, so the queue is never full of them.
    await sleep(50);
    const [own] = await callAtOnce(roster.client, 1, () => [
      `POST ${path}/sessions`,
      { json: { email: person.email, password: person.password } },
    ]);
    assert.equal(own?.status, 201);
    assert.deepEqual(Object.keys(statusCounts(await flood)), ['201']);
  });

  test('by sign-ups with one address costs one hash', async () => {
    const hashes = countHashes(roster);
    const json = signUpBody();
    const replies = await callAtOnce(roster.client, 40, () => [`POST ${path}/users`, { json }]);
    assert.deepEqual(statusCounts(replies), { 201: 1, 422: 39 });
    assert.equal(hashes.taken(), 1);
  });

  test('by callers that hang up costs no hash for those that waited', async () => {
    const name = 'roster_password_hash_duration_seconds_count';
    const before = (await readMetrics(port)).sum(name);
    const callers = 60;
    const { hostname } = new URL(roster.baseUrl);
    const sockets = Array.from({ length: callers }, (_, index) => {
      const body = JSON.stringify({ email: `gone-${index}@example.com`, password: 'a wrong one' });
      const socket = connect(Number(new URL(roster.baseUrl).port), hostname);
      socket.write(
        `POST ${path}/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: 203.0.113.${index}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      return socket;
    });
    await untilWaiting(callers / 2);
    const [last, ...others] = sockets.reverse();
    // A caller may close its side alone, and wait.
    assert.ok(last !== undefined);
    const answer = text(last);
    last.end();
    for (const socket of others) socket.destroy();
    while (waiting() > 0) await sleep(1);
    assert.match(await answer, /^(HTTP\/1\.1 102 Processing\r\n\r\n)*HTTP\/1\.1 401 /);
    const metrics = await readMetrics(port);
    const hashed = metrics.sum(name) - before;
    assert.ok(hashed <= callers / 2 + 2, `${hashed} passwords were hashed`);
    assert.ok(metrics.sum('roster_password_hashes_unserved_total', { why: 'hang_up' }) > 0);
  });
});
