/** A stop answers every request that has reached the server, and resets no connection. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Harness, startHarness } from './harness.ts';
import { readAnswers } from './harness-answers.ts';

const get = 'GET /v2/lamps HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\n\r\n';
const post = (length: number) =>
  `POST /v2/lamps HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

/** A caller that keeps its connection, and takes all that comes. */
class Caller {
  readonly socket: Socket;
  received = '';
  /** How the connection has ended; null while it is open. */
  end: 'in order' | 'reset' | null = null;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (piece: string) => {
      this.received += piece;
    });
    this.socket.on('end', () => {
      this.end ??= 'in order';
    });
    this.socket.on('error', () => {
      this.end = 'reset';
    });
  }

  /** Each answer as its status, with `close` where it announces the end of the connection. */
  get answers(): string[] {
    return readAnswers(this.received).map(({ status, headers }) => {
      return headers.get('connection') === 'close' ? `${status} close` : `${status}`;
    });
  }

  /** Sends bytes and waits for that many answers in all. */
  async ask(bytes: string, answers: number): Promise<void> {
    this.socket.write(bytes);
    await until(() => this.end !== null || this.received.split('HTTP/1.1 ').length > answers);
  }

  async ended(): Promise<void> {
    await until(() => this.end !== null);
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const outcome = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return outcome;
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isTrue()) {
    assert.ok(performance.now() < deadline, 'the condition did not become true in time');
    await sleep(2);
  }
}

describe('a stop', () => {
  let harness: Harness;
  let handled: number;
  let gate: PromiseWithResolvers<void>;
  let callers: Caller[];

  beforeEach(() => begin(60_000));

  async function begin(idleGraceMs: number): Promise<void> {
    handled = 0;
    callers = [];
    gate = Promise.withResolvers();
    gate.resolve();
    harness = await startHarness({
      handlers: {
        listLamps: async () => {
          handled += 1;
          await gate.promise;
          return { status: 200, body: [] };
        },
      },
      settings: { idleGraceMs },
    });
  }

  async function end(): Promise<void> {
    gate.resolve();
    for (const { socket } of callers) socket.destroy();
    await harness.close();
  }
  afterEach(end);

  /** Begins again, with a grace that is soon over. */
  async function withoutGrace(): Promise<void> {
    await end();
    await begin(50);
  }

  /** A caller with a connection that it has used before. */
  async function keptCaller(): Promise<Caller> {
    const caller = new Caller(harness.port);
    callers.push(caller);
    await caller.ask(get, 1);
    return caller;
  }

  /** Begins a stop; resolves when the server listens no more. */
  async function stopped(): Promise<{ readonly closed: Promise<void> }> {
    const closed = harness.server.close();
    while (await isListening(harness.port)) await sleep(2);
    return { closed };
  }

  test('answers a request on a kept connection, and announces the end of it', async () => {
    const caller = await keptCaller();
    const { closed } = await stopped();
    await caller.ask(get, 2);
    await caller.ended();
    assert.deepEqual([caller.answers, caller.end], [['200', '200 close'], 'in order']);
    caller.socket.end();
    await closed;
  });

  test('is told at /readyz on a kept connection', async () => {
    const caller = await keptCaller();
    await stopped();
    await caller.ask('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n', 2);
    assert.deepEqual(caller.answers, ['200', '503 close']);
  });

  test('answers requests that were sent together, and announces the end with the last one', async () => {
    const caller = await keptCaller();
    gate = Promise.withResolvers();
    caller.socket.write(get.repeat(3));
    // The others wait for its answer.
    await until(() => handled === 2);
    await stopped();
    gate.resolve();
    await caller.ended();
    assert.deepEqual([caller.answers, caller.end], [['200', '200', '200', '200 close'], 'in order']);
  });

  test('runs no request that comes after the last answer, and resets nothing', async () => {
    const caller = await keptCaller();
    await stopped();
    await caller.ask(get, 2);
    await caller.ask(get + post(2_000_000) + 'x'.repeat(1_000_000), 2);
    await caller.ended();
    await caller.ask('no HTTP at all\r\n\r\n', 2);
    caller.socket.end();
    await once(caller.socket, 'close');
    assert.deepEqual([caller.answers, caller.end, handled], [['200', '200 close'], 'in order', 2]);
  });

  test('leaves connections without a request open for a while', async () => {
    const [quick, slow] = [await keptCaller(), await keptCaller()];
    await stopped();
    await quick.ask(get, 2);
    await quick.ended();
    assert.equal(slow.end, null);
    await slow.ask(get, 2);
    assert.deepEqual(slow.answers, ['200', '200 close']);
  });

  test('ends connections without a request in order, and waits for no caller to end its side', async () => {
    await withoutGrace();
    const caller = await keptCaller();
    const { closed } = await stopped();
    await closed;
    await caller.ended();
    assert.deepEqual([caller.answers, caller.end], [['200'], 'in order']);
  });

  test('waits for a body that is still coming', async () => {
    await withoutGrace();
    const caller = await keptCaller();
    caller.socket.write(post(12));
    await sleep(20);
    await stopped();
    caller.socket.write('{"name":"');
    await sleep(500);
    await caller.ask('a"}', 2);
    await caller.ended();
    assert.match(caller.answers[1] ?? '', /^\d{3} close$/);
    assert.equal(caller.end, 'in order');
  });

  test('reads and drops a body behind the refusal of its request', async () => {
    const caller = await keptCaller();
    await stopped();
    const strange = post(3_000_000).replace('admin', 'stranger');
    await caller.ask(strange, 2);
    for (let left = 3; left > 0; left--) caller.socket.write('x'.repeat(1_000_000));
    await caller.ended();
    assert.deepEqual([caller.answers, caller.end], [['200', '401 close'], 'in order']);
  });

  test('answers connections that the system had made and the server had not accepted', async () => {
    await withoutGrace();
    const waiting = Array.from({ length: 30 }, () => new Caller(harness.port));
    callers.push(...waiting);
    // The connections are made by now, in the system; the event loop had no turn to accept them.
    const closed = harness.server.close();
    for (const caller of waiting) caller.socket.write(get);
    await Promise.all(waiting.map((caller) => caller.ended()));
    for (const caller of waiting) caller.socket.end();
    await closed;
    const met = new Set(waiting.map(({ answers, end }) => `${answers[0]?.slice(0, 3)}, ended ${end}`));
    assert.deepEqual([...met], ['200, ended in order']);
  });
});
