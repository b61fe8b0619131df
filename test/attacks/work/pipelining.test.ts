/**
 * A stranger sends thousands of requests on each connection without waiting for answers. They are served one after the other, few of
 * them wait, and a caller that sends more is cut off: each would take memory, of every connection that it opens.
 */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Harness, startHarness } from '../../http/harness.ts';
import { readAnswers } from '../../http/harness-answers.ts';
import { askFrom, openCrowd } from '../support/raw-crowd.ts';

const stranger = '127.1.1.1';
const other = '127.2.2.2';
const health = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
const lamp = (id: number) => `GET /v2/lamps/${id} HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\n\r\n`;
const last = (request: string) => request.replace('Host: x', 'Host: x\r\nConnection: close');

describe('requests that do not wait for answers', () => {
  async function serve(): Promise<{ harness: Harness; seen: { now: number; most: number; all: number } }> {
    const seen = { now: 0, most: 0, all: 0 };
    const harness = await startHarness({
      handlers: {
        async readLamp({ params }) {
          seen.all += 1;
          seen.now += 1;
          seen.most = Math.max(seen.most, seen.now);
          await sleep(1);
          seen.now -= 1;
          return { status: 200, body: { id: params['id'] } };
        },
      },
      settings: { closeTimeoutMs: 200 },
    });
    return { harness, seen };
  }

  test('are served one after the other and answered in order', async (t) => {
    const { harness, seen } = await serve();
    t.after(() => harness.close());
    const requests = Array.from({ length: 80 }, (_, id) => lamp(id));
    const answers = readAnswers(await harness.speak(`${requests.join('')}${last(lamp(80))}`));
    assert.deepEqual(
      answers.map(({ text }) => JSON.parse(text).id),
      Array.from({ length: 81 }, (_, id) => String(id)),
    );
    assert.equal(seen.most, 1);
  });

  test('are answered up to the one that cannot be read', async (t) => {
    const { harness } = await serve();
    t.after(() => harness.close());
    const answers = readAnswers(await harness.speak(`${lamp(1)}${lamp(2)}${lamp(3)}\0garbage\r\n\r\n`));
    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('connection')]),
      [
        [200, 'keep-alive'],
        [200, 'keep-alive'],
        [200, 'close'],
      ],
    );
  });

  test('end the connection where a body among them is broken, after the answers before it', async (t) => {
    const { harness } = await serve();
    t.after(() => harness.close());
    const post =
      'POST /v2/lamps HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\nContent-Type: application/json\r\n';
    const broken = `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`;
    const answers = readAnswers(await harness.speak(`${lamp(1)}${lamp(2)}${broken}`));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 400],
    );
  });

  test('are cut off where they are too many, and Node makes no request of the rest', async (t) => {
    const { harness, seen } = await serve();
    t.after(() => harness.close());
    let made = 0;
    const count = (): void => {
      made += 1;
    };
    subscribe('http.server.request.start', count);
    t.after(() => unsubscribe('http.server.request.start', count));
    const crowd = await openCrowd(harness.origin, { from: stranger, count: 40, text: lamp(1).repeat(600) });
    t.after(() => crowd.close());
    for (let tries = 0; crowd.open() > 0 && tries < 200; tries++) {
      assert.equal(await askFrom(harness.origin, other, last(health)), 200);
      await sleep(20);
    }
    assert.equal(crowd.open(), 0);
    assert.ok(made < 40 * 103 + 200, `${made} requests were made of ${40 * 600}`);
    assert.ok(seen.all <= 40 * 101);
    assert.equal(harness.server.measure().sockets.working, 0);
  });
});
