/**
 * How an answer is rendered and written. Every answer has the id of its request, and the header fields that keep
 * API answers out of caches and other pages. `JSON.stringify` renders a contract's body unchanged.
 *
 * A caller that is still sending when its answer is ready gets the whole answer immediately. The server reads and drops
 * the rest of the request, up to a limit: closing the connection immediately could lose the answer.
 */
import { STATUS_CODES } from 'node:http';
import type { Answer, Piece } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import { pump } from './stream.ts';

/** How many bytes a caller may still send after its answer before the server closes the connection. */
const droppedBytesMax = 64 * 1024 * 1024;
/** A smaller piece costs as much work as one with so many bytes, and counts as one. */
const droppedPieceMin = 4_096;

/** The header fields of every answer that does not set them itself. */
export interface CommonFields {
  readonly fields: Readonly<Record<string, string>>;
  /** The same, as names and values in turn. */
  readonly flat: readonly string[];
}

/**
 * The common fields of a server. With `isHttpsOnly`, browsers use https only for its host, for a year after the last
 * answer. It does not include subdomains: the server does not know who answers there.
 */
export function commonFieldsOf({ isHttpsOnly }: { readonly isHttpsOnly: boolean }): CommonFields {
  const fields = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(isHttpsOnly ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
  return { fields, flat: Object.entries(fields).flat() };
}

/** An answer whose body, or the first piece of it, is ready to be written. */
export interface Rendered {
  readonly status: number;
  readonly headers: Answer['headers'];
  readonly contentType: string;
  readonly content: string | Uint8Array | null;
  /** The pieces after `content`; null where `content` is all. */
  readonly rest: AsyncIterator<Piece> | null;
}

/** Renders an answer that is no stream; `jsonType` is the content type of JSON. Throws where its body has no JSON. */
export function render(answer: Answer, jsonType: string): Rendered {
  const content = answer.content ?? (answer.body === undefined ? null : JSON.stringify(answer.body));
  const contentType = answer.contentType ?? jsonType;
  return { status: answer.status, headers: answer.headers, contentType, content, rest: null };
}

/**
 * Renders an answer that is a stream. It waits for the first piece before the head is written, so that a stream that
 * fails immediately can still be refused. A HEAD request does not read the stream.
 */
export async function renderStream(
  answer: Answer,
  stream: AsyncIterable<Piece>,
  { jsonType, isHead }: { readonly jsonType: string; readonly isHead: boolean },
): Promise<Rendered> {
  const { status, headers, contentType = jsonType } = answer;
  if (isHead) return { status, headers, contentType, content: null, rest: noPieces };
  const rest = stream[Symbol.asyncIterator]();
  const first = await rest.next();
  const content = first.done === true ? '' : first.value;
  return { status, headers, contentType, content, rest: first.done === true ? noPieces : rest };
}

const noPieces: AsyncIterator<Piece> = { next: async () => ({ done: true, value: undefined }) };

export interface WriteOptions {
  readonly common: CommonFields;
  /** Whether the server stops: the answer of the latest request on a connection is its last one. */
  readonly isClosing: boolean;
  /** How long a reader may take no bytes. */
  readonly stallTimeoutMs: number;
}

/** How many bytes a connection takes without a reader. A longer answer gets the stall timeout. */
const unreadBytesMax = 64 * 1024;

/**
 * Writes the answer. Resolves when Node has all of it. If the source of a stream throws, it closes the connection, so
 * that the reader sees an incomplete body, and rejects with that error.
 */
export function write(
  exchange: Exchange,
  rendered: Rendered,
  { common, isClosing, stallTimeoutMs }: WriteOptions,
): Promise<void> | undefined {
  const { request, response } = exchange;
  const { status, content, rest } = rendered;
  exchange.isAnswered = true;
  if (response.destroyed) return rest === null ? undefined : stop(rest);
  const isUnread = exchange.isArriving;
  // A caller that waits for `100 Continue` will not send its body now, so the start of its next request is unknown.
  const isWithheld = isUnread && exchange.expectsContinue;
  const isClosed = isWithheld || (isClosing && exchange.isLatest);
  exchange.isLast = isClosed;
  response.writeHead(status, headersOf(exchange, rendered, { common, isClosed }));
  if (rest !== null || (content?.length ?? 0) > unreadBytesMax) request.socket.setTimeout(stallTimeoutMs);
  if (rest !== null && request.method !== 'HEAD') {
    if (isUnread) drop(exchange);
    return pump(response, content ?? '', { rest, stallTimeoutMs });
  }
  if (!isUnread || isWithheld) {
    if (typeof content === 'string') response.end(content, encodingOf(content));
    else response.end(content ?? undefined);
    return undefined;
  }
  if (content === null) response.flushHeaders();
  else response.write(content);
  drop(exchange).on('end', () => response.end());
  return undefined;
}

/** Ends the source of a stream that has no reader left. */
async function stop(rest: AsyncIterator<Piece>): Promise<void> {
  await rest.return?.();
}

/** Reads and drops the rest of the request, up to a limit. */
function drop({ request }: Exchange): Exchange['request'] {
  let left = droppedBytesMax;
  return request.on('data', (piece: Buffer) => {
    left -= Math.max(piece.length, droppedPieceMin);
    if (left < 0) request.destroy();
  });
}

function headersOf(
  exchange: Exchange,
  rendered: Rendered,
  { common, isClosed }: { readonly common: CommonFields; readonly isClosed: boolean },
): string[] {
  const { id, operation, request } = exchange;
  const { status, headers, contentType, content, rest } = rendered;
  if (content !== null && rest === null && headers === undefined && operation.cors === null && !isClosed) {
    const length = String(byteLength(content));
    return ['x-request-id', id, 'content-type', contentType, 'content-length', length, ...common.flat];
  }
  const fields: Record<string, string> = { ...common.fields };
  if (content !== null || rest !== null) fields['content-type'] = contentType;
  if (rest === null && status !== 204 && status !== 304)
    fields['content-length'] = String(byteLength(content));
  Object.assign(fields, operation.cors?.fields(request.headers), lowerCased(headers));
  if (isClosed) fields['connection'] = 'close';
  fields['x-request-id'] = id;
  return Object.entries(fields).flat();
}

function lowerCased(headers: Answer['headers'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** ASCII text, as most answers are, has the same bytes in both, and Node writes `latin1` faster. */
function encodingOf(content: string): 'latin1' | 'utf8' {
  return Buffer.byteLength(content) === content.length ? 'latin1' : 'utf8';
}

function byteLength(content: string | Uint8Array | null): number {
  if (content === null) return 0;
  return typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
}

/** The bytes of an answer for a connection without a `ServerResponse`; the answer announces that it closes. */
export function toBytes(requestId: string, { status, headers, contentType, content }: Rendered): string {
  const fields = {
    'content-type': contentType,
    'content-length': String(byteLength(content)),
    'x-request-id': requestId,
    ...lowerCased(headers),
    connection: 'close',
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head.join('')}\r\n${content ?? ''}`;
}
