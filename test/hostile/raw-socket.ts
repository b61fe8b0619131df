/** Sends bytes to a server, and reads its answers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadlineMs } from './scene.ts';

export interface RawReply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Manner {
  /** The wait before each piece but the first. */
  readonly pauseMs?: number;
  /** Whether the connection stays open for more when everything is sent. */
  readonly staysOpen?: boolean;
}

/**
 * Sends the pieces, and resolves with the answers when the server ends the connection. Rejects when the server
 * does not end it.
 */
export async function speak(
  baseUrl: string,
  pieces: Iterable<string | Buffer>,
  { pauseMs = 0, staysOpen = false }: Manner = {},
): Promise<readonly RawReply[]> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const received: Buffer[] = [];
  socket.on('data', (piece: Buffer) => received.push(piece));
  // A server that has refused may close the connection while we still send; its answer counts.
  socket.on('error', () => {});
  // `once` would reject for such an error.
  const ended = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  const late = AbortSignal.timeout(deadlineMs);
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  await once(socket, 'connect');
  for (const piece of pieces) {
    if (isOver) break;
    if (pauseMs > 0) await sleep(pauseMs);
    if (!socket.write(piece))
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), ended]);
  }
  if (!staysOpen) socket.end();
  const hang = once(late, 'abort').then(() => assert.fail('the server keeps the connection open'));
  await Promise.race([ended, hang]);
  socket.destroy();
  return readReplies(Buffer.concat(received));
}

/** The answers in a stream of bytes; fails the test where they are not HTTP. */
function readReplies(bytes: Buffer): RawReply[] {
  const replies: RawReply[] = [];
  let text = bytes.toString('latin1');
  while (text !== '') {
    const end = text.indexOf('\r\n\r\n');
    assert.ok(end > 0, `half an answer: ${text.slice(0, 200)}`);
    const [first = '', ...lines] = text.slice(0, end).split('\r\n');
    const match = /^HTTP\/1\.1 (\d{3}) /.exec(first);
    assert.ok(match, `no status line: ${first}`);
    const headers = new Map(
      lines.map((line) => {
        const cut = line.indexOf(':');
        return [line.slice(0, cut).toLowerCase(), line.slice(cut + 1).trim()] as const;
      }),
    );
    const { body, rest } = readBody(text.slice(end + 4), headers);
    text = rest;
    const status = Number(match[1]);
    if (status >= 200) replies.push({ status, headers, body });
  }
  return replies;
}

function readBody(text: string, headers: ReadonlyMap<string, string>): { body: string; rest: string } {
  if (headers.get('transfer-encoding') === 'chunked') {
    const end = text.indexOf('\r\n0\r\n\r\n');
    assert.ok(end >= 0, 'a chunked answer without its end');
    return { body: text.slice(0, end), rest: text.slice(end + 7) };
  }
  const length = Number(headers.get('content-length') ?? 0);
  assert.ok(text.length >= length, `an answer of ${text.length} bytes that promised ${length}`);
  return { body: text.slice(0, length), rest: text.slice(length) };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The rules for every answer: no fault of ours, always a request id, refusals in an envelope. */
export function assertSound({ status, headers, body }: RawReply): void {
  assert.ok(status < 500 || status === 503, `${status} ${body}`);
  assert.match(headers.get('x-request-id') ?? '', uuid, `${status} ${body}`);
  if (status < 400) return;
  assert.match(headers.get('content-type') ?? '', /^application\/json/, `${status} ${body}`);
  const envelope: unknown = JSON.parse(body);
  assert.ok(typeof envelope === 'object' && envelope !== null);
  assert.ok('error' in envelope || 'errors' in envelope, body);
}
