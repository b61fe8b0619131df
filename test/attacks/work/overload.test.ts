/**
 * More requests come than the server can work on. It refuses most of them early, with the envelope of their contract, and
 * what it admits is answered; health is always answered, and afterwards so is everything.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHarness } from '../../http/harness.ts';
import { codeOf } from '../../http/harness-answers.ts';

const inWork = 128;
const waitingMax = 16;
const flood = 300;
/** A queue that stands for so long is overload. */
const standingMs = 1_500;

test('work that stands is shed early, and what is admitted is answered', async () => {
  const gate = Promise.withResolvers<void>();
  const listLamps = async () => {
    await gate.promise;
    return { status: 200, body: [] };
  };
  const harness = await startHarness({ handlers: { listLamps } });
  try {
    const replies = Array.from({ length: flood }, () => harness.ask('GET /v2/lamps'));
    await sleep(standingMs);
    const late = await harness.ask('GET /v2/lamps');
    assert.equal(`${late.status} ${codeOf(await late.text())}`, '503 lighthouse unavailable');
    assert.equal(late.headers.get('retry-after'), '1');
    assert.equal((await harness.ask('GET /healthz')).status, 200);
    gate.resolve();
    const statuses = await Promise.all(replies.map(async (reply) => (await reply).status));
    assert.equal(statuses.filter((status) => status === 200).length, inWork + waitingMax);
    assert.equal(statuses.filter((status) => status === 503).length, flood - inWork - waitingMax);
    assert.equal((await harness.ask('GET /v2/lamps')).status, 200);
  } finally {
    gate.resolve();
    await harness.close();
  }
});
