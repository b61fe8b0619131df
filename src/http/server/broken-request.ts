/**
 * Requests that Node's parser gives up on: garbage, headers too large or too slow, broken chunks. Where a request
 * whose answer is still open is to blame, it is refused and presents that itself. Everything else is answered
 * here, on the bare connection, and the connection is closed.
 *
 * A method that the parser does not know is no garbage: as far as its request can be read, it is a 404 or a 405
 * like any other.
 */
import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, METHODS, maxHeaderSize } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Rendered, render, toBytes } from '../answering/answer.ts';
import { presentError } from '../answering/refusals.ts';
import type { Answer } from '../contract.ts';
import { latestExchange } from '../exchange.ts';
import { type HttpRefusal, refuseHttp } from '../http-refusals.ts';
import type { Logger } from '../log.ts';
import type { FindUnrouted, Unrouted } from './unrouted.ts';

/** How long a connection stays open after its last answer, for the caller to read it. */
const lingerMs = 1_000;

export interface BrokenRequestOptions {
  readonly logger: Logger;
  /** Finds what a request reached; takes its target as it came. */
  readonly find: FindUnrouted;
}

export interface BrokenRequests {
  /** Answers a `clientError` of the server. */
  onError(error: ParserError, socket: Socket): void;
  /** Refuses a request for a tunnel (CONNECT): there is none behind any path. */
  onConnect(method: string, target: string, headers: IncomingHttpHeaders, socket: Duplex): void;
}

export interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: unknown;
  readonly bytesParsed?: number;
}

export function createBrokenRequests({ logger, find }: BrokenRequestOptions): BrokenRequests {
  return {
    onError(error, socket) {
      if (!socket.writable || error.code === 'ECONNRESET') {
        // Once it was answered here, the dead parser reports every further packet; the linger timer ends it.
        if (!socket.writableEnded) socket.destroy();
        return;
      }
      const { refusal, status } = causeOf(error);
      if (blameExchange(socket, refusal)) return;
      const head = error.code === 'HPE_INVALID_METHOD' ? readHead(error) : null;
      if (head !== null) turnAway(socket, head.method, head.target, head.headers);
      else {
        const nowhere = find('', '', {});
        const answer = (): Answer => {
          throw refusal;
        };
        reply(socket, null, { ...nowhere, answer }, status);
      }
    },
    onConnect: (method, target, headers, socket) => turnAway(socket, method, target, headers),
  };

  function turnAway(socket: Duplex, method: string, target: string, headers: IncomingHttpHeaders): void {
    // Any other method is a text of the caller's choice, which the log does not keep.
    reply(socket, METHODS.includes(method) ? method : null, find(method, target, headers), null);
  }

  function reply(
    socket: Duplex,
    method: string | null,
    { operation, answer }: Unrouted,
    status: number | null,
  ): void {
    const startedAt = performance.now();
    const requestId = randomUUID();
    let rendered: Rendered;
    try {
      rendered = render(answer(), operation.jsonType);
    } catch (error) {
      rendered = render(
        presentError(error, { operation, requestId, params: {} }, logger),
        operation.jsonType,
      );
    }
    if (status !== null) rendered = { ...rendered, status };
    socket.end(toBytes(requestId, rendered));
    setTimeout(() => socket.destroy(), lingerMs).unref();
    const ms = Math.round((performance.now() - startedAt) * 10) / 10;
    const { contract, pattern: route } = operation;
    logger.request({ requestId, method, contract, route, status: rendered.status, ms });
  }
}

/** Whether an open answer on the connection takes care of the error. */
function blameExchange(socket: Socket, refusal: HttpRefusal): boolean {
  const exchange = latestExchange(socket);
  if (exchange === undefined || exchange.response.writableFinished) return false;
  if (exchange.isAnswered) socket.destroy();
  else {
    exchange.response.setHeader('connection', 'close');
    // Where the request is whole, the error is in what came after it, and only ends the connection.
    if (exchange.isArriving) exchange.giveUp(refusal);
  }
  return true;
}

/** The refusal, and the status where it is another than the refusal's own. */
function causeOf({ code }: ParserError): { refusal: HttpRefusal; status: number | null } {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { refusal: refuseHttp('request_timeout', {}), status: 408 };
    case 'HPE_HEADER_OVERFLOW':
      return { refusal: refuseHttp('payload_too_large', { limitBytes: maxHeaderSize }), status: 431 };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { refusal: refuseHttp('payload_too_large', { limitBytes: maxHeaderSize }), status: null };
    default:
      return { refusal: refuseHttp('malformed_body', {}), status: 400 };
  }
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) ([!-~]+) HTTP\/1\.[01]\r\n/;

/** Method, target and headers of a request at the start of a packet; null where it is not one. */
function readHead({ rawPacket, bytesParsed = 0 }: ParserError) {
  const text = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1') : '';
  const match = requestLine.exec(text);
  // What broke further on belongs to a later request on the same connection.
  if (match?.[1] === undefined || match[2] === undefined || bytesParsed > match[1].length) return null;
  const [head = ''] = text.slice(match[0].length).split('\r\n\r\n', 1);
  const headers: IncomingHttpHeaders = {};
  for (const line of head.split('\r\n')) {
    const cut = line.indexOf(':');
    if (cut > 0) headers[line.slice(0, cut).toLowerCase()] ??= line.slice(cut + 1).trim();
  }
  return { method: match[1], target: match[2], headers };
}
