/**
 * A stranger holds connections: bodies and heads that never end, idle ones, and ones that send a byte now and then. Complete
 * requests are served all the same, of others and of the same network. The bounds are small here; the long form has the defaults.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Harness, type HarnessOptions, startHarness } from '../../http/harness.ts';
import { askFrom, type Crowd, openCrowd } from '../support/raw-crowd.ts';

const stranger = '127.1.1.1';
const other = '127.2.2.2';

const ask = 'GET /v2/lamps HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\nConnection: close\r\n\r\n';
const post = `POST /v2/lamps HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\nContent-Type: application/json\r\n`;
const closing = (request: string): string => request.replace('Host: x', 'Host: x\r\nConnection: close');
const halfBody = `${post}Content-Length: 100\r\n\r\n{`;
const halfHead = 'GET /v2/lamps HTTP/1.1\r\nHost: x\r\nX-Slow: ';

/** Small bounds, and a rate that is not judged unless a test says so. */
const bounds = {
  requestsInFlightMax: 20,
  halfSentNetworkMax: 10,
  halfSentMax: 60,
  slowAfterMs: 60_000,
  closeTimeoutMs: 200,
};

describe('connections that a stranger holds', () => {
  const open: { close(): unknown }[] = [];
  after(async () => {
    for (const each of open.toReversed()) await each.close();
  });

  async function serve(settings: HarnessOptions['settings']): Promise<Harness> {
    const harness = await startHarness({
      settings: { ...bounds, ...settings },
      handlers: { listLamps: async () => ({ status: 200, body: [] }) },
    });
    open.push(harness);
    return harness;
  }

  async function crowd(harness: Harness, count: number, text = '', from = stranger): Promise<Crowd> {
    const opened = await openCrowd(harness.origin, { from, count, text });
    open.push(opened);
    return opened;
  }

  async function assertServed(harness: Harness): Promise<void> {
    for (const from of [other, stranger]) {
      for (let count = 0; count < 3; count++) assert.equal(await askFrom(harness.origin, from, ask), 200);
    }
  }

  test('half-sent bodies do not count as requests, and the oldest of a network give way', async () => {
    const harness = await serve({});
    const first = await crowd(harness, 10, halfBody);
    const bodies = await crowd(harness, 30, halfBody);
    await assertServed(harness);
    await sleep(1_200);
    assert.equal(first.open(), 0);
    assert.equal(bodies.open(), 10);
    assert.equal(harness.server.measure().sockets.halfSent, 10);
    const [newest] = bodies.sockets.filter(({ destroyed }) => !destroyed);
    newest?.write(`"name":"x"}${' '.repeat(88)}`);
    await sleep(100);
    assert.ok(
      bodies.received.some((text) => /^HTTP\/1\.1 (201|422)/.test(text)),
      'a body that goes on is answered',
    );
  });

  test('half-sent heads have the same bound, on new connections and after a request', async () => {
    const harness = await serve({});
    const heads = await crowd(harness, 30, halfHead);
    const later = await crowd(harness, 30, ask.replace('close', 'keep-alive'), '127.3.3.3');
    await sleep(700);
    for (const socket of later.sockets) socket.write(halfHead);
    await assertServed(harness);
    await sleep(1_200);
    assert.equal(heads.open(), 10);
    assert.equal(later.open(), 10);
  });

  test('many networks together have a bound too, and the oldest give way', async () => {
    const harness = await serve({});
    const oldest = await crowd(harness, 9, halfBody, '127.4.0.1');
    const others: Crowd[] = [];
    for (let network = 1; network < 10; network++)
      others.push(await crowd(harness, 9, halfBody, `127.4.${network}.1`));
    await sleep(1_200);
    assert.equal(oldest.open(), 0);
    assert.equal(others.at(-1)?.open(), 9);
    assert.equal(harness.server.measure().sockets.halfSent, 60);
    await assertServed(harness);
  });

  test('a stranger with all addresses of a /24 leaves others half of the places of half-sent requests', async () => {
    const harness = await serve({});
    const slow = await crowd(harness, 3, halfBody, other);
    const many: Crowd[] = [];
    for (let address = 1; address <= 12; address++) {
      many.push(await crowd(harness, 8, halfBody, `127.8.8.${address}`));
    }
    await sleep(1_200);
    assert.equal(slow.open(), 3);
    assert.equal(
      many.reduce((sum, each) => sum + each.open(), 0),
      30,
    );
  });

  test('large half-sent bodies of many networks are bounded by their bytes, and the oldest give way', async () => {
    const harness = await serve({ halfSentBytesMax: 1024 * 1024 });
    const large = `${post}Content-Length: 260000\r\n\r\n${' '.repeat(200_000)}`;
    const bodies: Crowd[] = [];
    for (let network = 1; network <= 8; network++) {
      bodies.push(await crowd(harness, 1, large, `127.7.${network}.1`));
    }
    const dropped = large.replace('POST /v2/lamps', 'POST /nowhere');
    const answered = await crowd(harness, 1, dropped, '127.7.9.1');
    await sleep(1_500);
    const left = bodies.map((each) => each.open());
    assert.deepEqual(left, [0, 0, 0, 1, 1, 1, 1, 1]);
    assert.equal(answered.open(), 1);
    await assertServed(harness);
  });

  test('a trusted proxy has no bound by network', async () => {
    const harness = await serve({ trustedProxies: ['127.5.0.0/16'] });
    const proxied = await crowd(harness, 30, halfBody, '127.5.0.1');
    await sleep(1_200);
    assert.equal(proxied.open(), 30);
  });

  test('idle connections give way to new ones, first those of the network that has most', async () => {
    const harness = await serve({ socketsMax: 40 });
    const kept = await crowd(harness, 5, ask.replace('close', 'keep-alive'), other);
    await crowd(harness, 20);
    const idle = await crowd(harness, 100, ask.replace('close', 'keep-alive'));
    await assertServed(harness);
    assert.ok(idle.open() < 40);
    assert.equal(kept.open(), 5);
    for (const [index, socket] of kept.sockets.entries()) {
      socket.write(ask);
      await sleep(20);
      assert.equal(kept.received[index]?.match(/HTTP\/1\.1 200/g)?.length, 2, 'it can still be used');
    }
  });

  test('half-sent requests give way where no connection is idle, and requests at work never do', async () => {
    const gate = Promise.withResolvers<void>();
    const harness = await startHarness({
      settings: { ...bounds, socketsMax: 20, halfSentNetworkMax: 1_000 },
      handlers: { listLamps: () => gate.promise.then(() => ({ status: 200, body: [] })) },
    });
    open.push(harness);
    const working = await crowd(harness, 8, ask, other);
    const heads = await crowd(harness, 12, halfHead);
    await sleep(100);
    const more = await crowd(harness, 6, ask, other);
    await sleep(200);
    assert.equal(heads.open(), 6);
    gate.resolve();
    await sleep(300);
    for (const text of [...working.received, ...more.received]) assert.match(text, /^HTTP\/1\.1 200/);
  });

  test('a network whose connections all work gives places to others, and takes none of theirs', async () => {
    const gate = Promise.withResolvers<void>();
    const harness = await startHarness({
      settings: { ...bounds, requestsInFlightMax: 100, socketsMax: 20 },
      handlers: { listLamps: () => gate.promise.then(() => ({ status: 200, body: [] })) },
    });
    open.push(harness);
    const health = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    const kept = await crowd(harness, 2, health, other);
    const working = await crowd(harness, 30, ask);
    for (let count = 0; count < 3; count++)
      assert.equal(await askFrom(harness.origin, '127.3.3.3', closing(health)), 200);
    await sleep(50);
    for (const [index, socket] of kept.sockets.entries()) {
      socket.write(health);
      await sleep(20);
      assert.equal(kept.received[index]?.match(/HTTP\/1\.1 200/g)?.length, 2, 'it can still be used');
    }
    assert.ok(working.open() >= 15, 'no more give way than are needed');
    gate.resolve();
  });

  test('an answer that is not read gives way to another network, whatever its age', async () => {
    const content = Buffer.alloc(8 * 1024 * 1024);
    const harness = await startHarness({
      settings: { ...bounds, socketsMax: 20 },
      handlers: { listLamps: async () => ({ status: 200, content }) },
    });
    open.push(harness);
    const unread = await crowd(harness, 30);
    for (const socket of unread.sockets) socket.pause().write(ask);
    await sleep(100);
    const health = closing('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    for (let count = 0; count < 3; count++) assert.equal(await askFrom(harness.origin, other, health), 200);
  });

  test('a stranger with many addresses of one /24 gives way before a caller with more connections of one', async () => {
    const harness = await serve({ socketsMax: 40 });
    const kept = await crowd(harness, 5, ask.replace('close', 'keep-alive'), other);
    const many: Crowd[] = [];
    for (let address = 1; address <= 60; address++)
      many.push(await crowd(harness, 1, ask.replace('close', 'keep-alive'), `127.6.6.${address}`));
    await sleep(1_100);
    for (let address = 61; address <= 70; address++)
      many.push(await crowd(harness, 1, '', `127.6.6.${address}`));
    assert.equal(kept.open(), 5);
  });

  test('a request that arrives more slowly than the least rate ends with 408, and a fast one does not', async () => {
    const harness = await serve({ slowAfterMs: 1_000, bodyTimeoutMs: 60_000 });
    const long = `${post}Content-Length: 60000\r\n\r\n`;
    const slow = [
      await crowd(harness, 3, long),
      await crowd(harness, 3, halfHead),
      await crowd(harness, 1, halfBody),
    ];
    const fast = await crowd(harness, 1, long);
    const drip = setInterval(() => {
      for (const each of slow) for (const socket of each.sockets) if (!socket.destroyed) socket.write('x');
      fast.sockets[0]?.write(' '.repeat(500));
    }, 100);
    await sleep(2_500);
    clearInterval(drip);
    for (const each of slow) {
      assert.equal(each.open(), 0);
      for (const text of each.received) assert.match(text, /^HTTP\/1\.1 408/);
    }
    assert.equal(fast.open(), 1);
    await assertServed(harness);
  });
});

describe('bodies in many small pieces', () => {
  const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
  const json = `{"name":"x"${' '.repeat(4_000)}}`;
  const bytewise = [...json].map((each) => `1\r\n${each}\r\n`).join('');

  test('a body that comes in thousands of chunks of one byte is read as any other', async (t) => {
    const harness = await startHarness();
    t.after(() => harness.close());
    const whole = await askFrom(harness.origin, other, closing(`${chunked}fac\r\n${json}\r\n0\r\n\r\n`));
    assert.equal(await askFrom(harness.origin, other, closing(`${chunked}${bytewise}0\r\n\r\n`)), whole);
    assert.equal(whole, 201);
  });

  test('one that goes on in such chunks is refused and closed, long before it has its bytes', async (t) => {
    const harness = await startHarness();
    t.after(() => harness.close());
    const chunks = '1\r\n \r\n'.repeat(10_000);
    // A body that is refused, one that is dropped after its answer, and one of a request that has no use for it.
    const heads = [
      chunked,
      chunked.replace('X-Lamp-Key: admin\r\n', ''),
      chunked.replace('POST /v2/lamps', 'GET /healthz'),
    ];
    for (const head of heads) {
      const endless = await openCrowd(harness.origin, { from: stranger, count: 1, text: head });
      let sent = 0;
      for (; endless.open() > 0 && sent < 20; sent++) {
        endless.sockets[0]?.write(chunks);
        await sleep(50);
      }
      endless.close();
      assert.ok(sent < 10, `${sent} times 10,000 pieces`);
      assert.match(endless.received[0] ?? '', head === chunked ? /^HTTP\/1\.1 413/ : /^HTTP\/1\.1 (401|200)/);
    }
  });
});

test('readiness stays 200 while other requests are refused, and says that it is degraded', async () => {
  const gate = Promise.withResolvers<void>();
  const harness = await startHarness({
    settings: { requestsInFlightMax: 2 },
    handlers: { listLamps: () => gate.promise.then(() => ({ status: 200, body: [] })) },
  });
  const ready = async (): Promise<unknown> => {
    const reply = await harness.ask('GET /readyz');
    return [reply.status, await reply.json()];
  };
  assert.deepEqual(await ready(), [200, { status: 'ready' }]);
  const waiting = [harness.ask('GET /v2/lamps'), harness.ask('GET /v2/lamps')];
  await sleep(50);
  assert.equal((await harness.ask('GET /v2/lamps')).status, 503);
  assert.deepEqual(await ready(), [200, { status: 'ready', degraded: true, reasons: ['overload'] }]);
  gate.resolve();
  await Promise.all(waiting);
  await sleep(1_100);
  assert.deepEqual(await ready(), [200, { status: 'ready' }]);
  await harness.close();
});
