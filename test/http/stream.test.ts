import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../../src/core/errors.ts';
import { type HarnessOptions, startHarness } from './harness.ts';
import { codeOf, readAnswer } from './harness-answers.ts';

const get = 'GET /v2/lamps HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\nConnection: close\r\n\r\n';

/** A source of pieces that counts the pulled pieces and knows whether it was ended. */
function createSource(pieces: number, piece: string) {
  const source = {
    pulled: 0,
    isReturned: false,
    async *stream(): AsyncGenerator<string> {
      try {
        while (source.pulled < pieces) {
          source.pulled += 1;
          yield piece;
        }
      } finally {
        source.isReturned = true;
      }
    },
  };
  return source;
}

async function withStream(
  stream: () => AsyncIterable<string>,
  use: (harness: Awaited<ReturnType<typeof startHarness>>) => Promise<void>,
  settings: HarnessOptions['settings'] = {},
): Promise<void> {
  const listLamps = async () => ({ status: 200, stream: stream(), contentType: 'application/x-ndjson' });
  const harness = await startHarness({ handlers: { listLamps }, settings });
  try {
    await use(harness);
  } finally {
    await harness.close();
  }
}

/** Sends the request and does not read the answer. */
async function askWithoutReading(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.pause();
  await once(socket, 'connect');
  socket.write(get);
  return socket;
}

describe('an answer in pieces', () => {
  test('that ends while the server stops holds the stop no longer, on a connection that is kept', async () => {
    const gate = Promise.withResolvers<void>();
    async function* stream(): AsyncGenerator<string> {
      yield 'first';
      await gate.promise;
      yield 'last';
    }
    const listLamps = async () => ({ status: 200, stream: stream(), contentType: 'application/x-ndjson' });
    const harness = await startHarness({ handlers: { listLamps }, settings: { closeTimeoutMs: 5_000 } });
    const reply = await harness.ask('GET /v2/lamps');
    const closed = harness.close();
    gate.resolve();
    assert.equal(await reply.text(), 'firstlast');
    const ended = performance.now();
    await closed;
    assert.ok(performance.now() - ended < 2_500, 'the stop waited for its deadline');
    assert.notEqual(harness.lines.at(-1)?.level, 'warn');
  });

  test('arrives complete, with the content type of its contract', async () => {
    const source = createSource(1_000, '{"id":"north"}\n');
    await withStream(source.stream, async (harness) => {
      const reply = await harness.ask('GET /v2/lamps');
      assert.equal(reply.headers.get('content-type'), 'application/x-ndjson');
      assert.equal(await reply.text(), '{"id":"north"}\n'.repeat(1_000));
      assert.deepEqual([source.pulled, source.isReturned], [1_000, true]);
    });
  });

  test('leaves the event loop a turn after each piece, also with no other caller', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    const pulledAt: number[] = [];
    async function* stream(): AsyncGenerator<string> {
      for (let left = 100; left > 0; left--) {
        pulledAt.push(turns);
        yield 'x'.repeat(20);
      }
    }
    await withStream(stream, async (harness) => {
      count();
      const { length } = await (await harness.ask('GET /v2/lamps')).text();
      isOver = true;
      assert.equal(length, 2_000);
    });
    assert.equal(new Set(pulledAt).size, 100, 'two pieces came in one turn');
  });

  test('starts before its last piece is ready', async () => {
    const gate = Promise.withResolvers<void>();
    async function* stream(): AsyncGenerator<string> {
      yield 'first';
      await gate.promise;
      yield 'last';
    }
    await withStream(stream, async (harness) => {
      const reply = await harness.ask('GET /v2/lamps');
      const reader = reply.body?.getReader();
      const first = await reader?.read();
      assert.equal(Buffer.from(first?.value ?? []).toString(), 'first');
      gate.resolve();
      const last = await reader?.read();
      assert.equal(Buffer.from(last?.value ?? []).toString(), 'last');
    });
  });

  test('is pulled no faster than it is read', async () => {
    const source = createSource(100_000, 'x'.repeat(10_000));
    await withStream(source.stream, async (harness) => {
      const socket = await askWithoutReading(harness.port);
      await sleep(300);
      const pulled = source.pulled;
      assert.ok(pulled < 5_000, `${pulled} pieces were pulled for a reader that reads nothing`);
      await sleep(100);
      assert.equal(source.pulled, pulled);
      socket.destroy();
    });
  });

  test('stops when the reader hangs up', async () => {
    const source = createSource(1_000_000, 'x'.repeat(10_000));
    await withStream(source.stream, async (harness) => {
      const socket = await askWithoutReading(harness.port);
      await sleep(100);
      socket.destroy();
      await sleep(100);
      assert.equal(source.isReturned, true);
      assert.ok(source.pulled < 5_000);
      assert.deepEqual(
        harness.lines.map(({ level, fields }) => [level, fields['isAborted']]),
        [['info', true]],
      );
    });
  });

  test('is given up if the reader takes no bytes for too long', async () => {
    const source = createSource(1_000_000, 'x'.repeat(10_000));
    await withStream(
      source.stream,
      async (harness) => {
        const socket = await askWithoutReading(harness.port);
        await sleep(600);
        assert.equal(source.isReturned, true);
        socket.destroy();
      },
      { stallTimeoutMs: 200 },
    );
  });

  test('is given up if the reader does not take one piece in time, although it takes some bytes', async () => {
    const source = createSource(1_000, 'x'.repeat(20_000_000));
    await withStream(
      source.stream,
      async (harness) => {
        const socket = await askWithoutReading(harness.port);
        socket.on('error', () => {});
        const trickle = setInterval(() => socket.read(1_000), 20);
        await sleep(800);
        clearInterval(trickle);
        assert.equal(source.isReturned, true);
        socket.destroy();
      },
      { stallTimeoutMs: 300 },
    );
  });

  test('is cut off when its source fails, so that it never looks complete', async () => {
    async function* stream(): AsyncGenerator<string> {
      yield '[1';
      await sleep(20);
      throw new Error('a secret in a message');
    }
    await withStream(stream, async (harness) => {
      const reply = await harness.ask('GET /v2/lamps');
      assert.equal(reply.status, 200);
      await assert.rejects(reply.text());
      const faults = harness.lines.filter(({ level }) => level === 'error');
      assert.equal(faults.length, 1);
      assert.doesNotMatch(JSON.stringify(harness.lines), /secret/);
    });
  });

  test('is refused if its source fails immediately', async () => {
    async function* stream(): AsyncGenerator<string> {
      yield* [];
      throw refuse('unavailable', { retryAfterSeconds: 7 });
    }
    await withStream(stream, async (harness) => {
      const reply = await harness.ask('GET /v2/lamps');
      assert.equal(`${reply.status} ${codeOf(await reply.text())}`, '503 lighthouse unavailable');
      assert.equal(reply.headers.get('retry-after'), '7');
    });
  });

  test('may be empty', async () => {
    await withStream(createSource(0, '').stream, async (harness) => {
      const reply = await harness.ask('GET /v2/lamps');
      assert.equal(reply.status, 200);
      assert.equal(await reply.text(), '');
    });
  });

  test('is not read for a HEAD request', async () => {
    const source = createSource(10, 'x');
    await withStream(source.stream, async (harness) => {
      const reply = await harness.ask('HEAD /v2/lamps');
      assert.equal(reply.status, 200);
      assert.equal(reply.headers.get('content-type'), 'application/x-ndjson');
      assert.equal(source.pulled, 0);
    });
  });

  test('is sent to HTTP/1.0 without chunks', async () => {
    await withStream(createSource(3, 'abc').stream, async (harness) => {
      const bytes = await harness.speak('GET /v2/lamps HTTP/1.0\r\nX-Lamp-Key: admin\r\n\r\n');
      assert.equal(bytes.slice(bytes.indexOf('\r\n\r\n') + 4), 'abcabcabc');
    });
  });
});

describe('a large answer', () => {
  test('is given up if the reader takes no bytes for too long', async () => {
    const content = 'x'.repeat(30_000_000);
    const harness = await startHarness({
      handlers: { listLamps: async () => ({ status: 200, content, contentType: 'text/plain' }) },
      settings: { stallTimeoutMs: 200 },
    });
    const socket = await askWithoutReading(harness.port);
    await sleep(700);
    let length = 0;
    socket.on('data', (piece: Buffer) => {
      length += piece.length;
    });
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'close');
    assert.ok(length < content.length, 'the whole answer was kept for a reader that was not there');
    await harness.close();
  });

  test('arrives complete if it is read', async () => {
    const content = Buffer.alloc(3_000_000, 'ab');
    const harness = await startHarness({
      handlers: { listLamps: async () => ({ status: 200, content, contentType: 'text/plain' }) },
    });
    const answer = readAnswer(await harness.speak(get));
    assert.equal(answer.text, content.toString());
    await harness.close();
  });
});
