import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../../src/core/errors.ts';
import { createHarbor, type Harness, startHarness } from './harness.ts';
import { codeOf } from './harness-answers.ts';
import { createLighthouse } from './lighthouse/contract.ts';

class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code = 'SQLITE_FULL';
}

describe('faults', () => {
  let harness: Harness;
  const circle: { self?: unknown } = {};
  circle.self = circle;
  before(async () => {
    harness = await startHarness({
      handlers: {
        listLamps: async () => {
          throw new DatabaseError('no room for jane@example.com', { cause: new Error('token hush') });
        },
        createLamp: async () => ({ status: 200, body: circle }),
        readLamp: async () => ({ status: 200, headers: { 'x-bad': 'a\r\nb' } }),
        replaceLamp: async () => {
          throw refuse('unavailable', { retryAfterSeconds: 3 });
        },
        removeLamp: () => {
          throw 'not an error';
        },
      },
    });
  });
  after(() => harness.close());

  const answerOf = async (line: string): Promise<string> => {
    const reply = await harness.ask(line);
    return `${reply.status} ${codeOf(await reply.text())}`;
  };

  test('a fault is a bare 500 in the envelope of the contract', async () => {
    assert.equal(await answerOf('GET /v2/lamps'), '500 lighthouse internal');
  });

  test('a fault is logged once, with request id, code and stack, and without its message', async () => {
    const before = harness.lines.length;
    const reply = await harness.ask('GET /v2/lamps');
    const requestId = reply.headers.get('x-request-id');
    const lines = harness.lines.slice(before);
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['error', 'info'],
    );
    assert.equal(lines[0]?.fields['requestId'], requestId);
    assert.equal(lines[0]?.fields['route'], '/lighthouse/v2/lamps');
    const text = JSON.stringify(lines);
    assert.match(text, /DatabaseError.*SQLITE_FULL.*faults\.test\.ts/);
    assert.doesNotMatch(text, /jane|hush/);
  });

  test('an answer that has no JSON, and a thrown value that is not an error, are faults', async () => {
    assert.equal(await answerOf('POST /v2/lamps'), '500 lighthouse internal');
    assert.equal(await answerOf('DELETE /v2/lamps/a'), '500 lighthouse internal');
  });

  test('a header that cannot be sent is a fault and not a split answer', async () => {
    assert.equal(await answerOf('GET /v2/lamps/a'), '500 lighthouse internal');
    assert.deepEqual(
      harness.lines.slice(-2).map(({ level }) => level),
      ['error', 'info'],
    );
  });

  test('a temporary outage is 503 with Retry-After, and not a fault', async () => {
    const before = harness.lines.length;
    const reply = await harness.ask('PUT /v2/lamps/a');
    assert.equal(`${reply.status} ${codeOf(await reply.text())}`, '503 lighthouse unavailable');
    assert.equal(reply.headers.get('retry-after'), '3');
    assert.deepEqual(
      harness.lines.slice(before).map(({ level }) => level),
      ['info'],
    );
  });

  test('a contract that fails to present its refusal still answers', async () => {
    const broken = {
      ...createLighthouse(),
      present: () => {
        throw new Error('no words');
      },
    };
    const lame = await startHarness({ contracts: [broken, createHarbor()] });
    const reply = await lame.ask('GET /v2/lamps', { key: null });
    assert.equal(reply.status, 500);
    assert.deepEqual(await reply.json(), { error: 'internal_error' });
    await lame.close();
  });
});

describe('too much work at the same time', () => {
  test('requests over the limit are 503 with Retry-After; health still answers', async () => {
    const gate = Promise.withResolvers<void>();
    const shed: unknown[] = [];
    const nothing = (): void => {};
    const meter = { waited: nothing, exceeded: nothing, throttled: nothing, socketClosed: nothing };
    const harness = await startHarness({
      handlers: {
        listLamps: async () => {
          await gate.promise;
          return { status: 200, body: [] };
        },
      },
      settings: { requestsInFlightMax: 2 },
      meter: { ...meter, shed: (...words) => shed.push(words) },
    });
    const waiting = [harness.ask('GET /v2/lamps'), harness.ask('GET /v2/lamps')];
    await sleep(100);
    const refused = await harness.ask('GET /v2/lamps');
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.deepEqual(shed, [['read', 'overload']]);
    assert.equal((await harness.ask('GET /healthz')).status, 200);
    assert.equal((await harness.ask('GET /nowhere')).status, 404);
    gate.resolve();
    const statuses = await Promise.all(waiting.map(async (reply) => (await reply).status));
    assert.deepEqual(statuses, [200, 200]);
    assert.equal((await harness.ask('GET /v2/lamps')).status, 200);
    await harness.close();
  });
});

describe('health', () => {
  test('readiness follows its check, and health does not', async () => {
    for (const [readiness, status] of [
      [async () => true, 200],
      [async () => false, 503],
      [async () => Promise.reject(new Error('away')), 503],
    ] as const) {
      const harness = await startHarness({ readiness });
      const ready = await harness.ask('GET /readyz');
      assert.equal(ready.status, status);
      if (status === 503) assert.equal(ready.headers.get('retry-after'), '1');
      assert.equal((await harness.ask('GET /healthz')).status, 200);
      await harness.close();
    }
  });

  test('a readiness check that never ends counts as failed', async () => {
    const harness = await startHarness({ readiness: () => new Promise(() => {}) });
    assert.equal((await harness.ask('GET /readyz')).status, 503);
    await harness.close();
  });
});

describe('stopping', () => {
  test('requests in flight are finished, and new ones are not accepted', async () => {
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const listLamps = async () => {
      arrived.resolve();
      await gate.promise;
      return { status: 200, body: [] };
    };
    const harness = await startHarness({ handlers: { listLamps } });
    const running = harness.ask('GET /v2/lamps');
    await arrived.promise;
    const closed = harness.close();
    await sleep(50);
    await assert.rejects(harness.ask('GET /healthz'));
    gate.resolve();
    const reply = await running;
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get('connection'), 'close');
    await closed;
  });

  test('a request that does not end is cut off at the deadline', async () => {
    const harness = await startHarness({
      handlers: { listLamps: () => new Promise(() => {}) },
      settings: { closeTimeoutMs: 200 },
    });
    const running = assert.rejects(harness.ask('GET /v2/lamps'));
    await sleep(50);
    const started = Date.now();
    await harness.close();
    await running;
    assert.ok(Date.now() - started < 1_500);
    assert.equal(harness.lines.at(-1)?.level, 'warn');
  });
});
