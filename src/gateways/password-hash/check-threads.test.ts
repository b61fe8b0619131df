import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CheckThreads } from './check-threads.ts';

const request = { password: 'test12345', text: '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0' };

test('checks at a time get a thread each, and later checks use the idle threads again', async () => {
  const threads = new CheckThreads();
  const wrong = { ...request, password: 'another' };
  assert.deepEqual(await Promise.all([threads.check(request), threads.check(wrong)]), [true, false]);
  assert.equal(threads.idle, 2);
  assert.equal(await threads.check(request), true);
  assert.equal(threads.idle, 2);
});

test('a check in a thread that fails is rejected, and the next check has another thread', async () => {
  const threads = new CheckThreads();
  await assert.rejects(threads.check({ ...request, text: 'of no kind' }), /needs no thread/);
  assert.equal(threads.idle, 0);
  assert.equal(await threads.check(request), true);
});

test('a thread that is idle for long ends', async () => {
  const threads = new CheckThreads({ idleMsMax: 20 });
  assert.equal(await threads.check(request), true);
  for (let tries = 0; threads.idle > 0 && tries < 200; tries += 1) await pause(20);
  assert.equal(threads.idle, 0);
  assert.equal(await threads.check(request), true);
});
