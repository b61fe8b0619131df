/**
 * Requests that Node's parser rejects: garbage, headers that are too large or too slow, broken chunks. If the
 * error is in the body of a request that is not answered yet, the pipeline refuses that request. Every other error
 * is answered here, directly on the connection, and the connection is closed.
 *
 * A method that the parser does not know is not garbage: if the head of its request can be read, the answer is a
 * 404 or a 405 like any other.
 */
import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, METHODS, maxHeaderSize } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Rendered, render, toBytes } from '../answering/answer.ts';
import { presentError } from '../answering/refusals.ts';
import type { Answer } from '../contract.ts';
import { latestExchange } from '../exchange.ts';
import { type HttpRefusal, refuseHttp } from '../http-refusals.ts';
import type { Logger } from '../log.ts';
import type { FindUnrouted, Unrouted } from './unrouted.ts';

/** How long a connection stays open after its last answer, so that the caller can read it. */
const lingerMs = 1_000;

export interface BrokenRequestOptions {
  readonly logger: Logger;
  /** Finds the contract and the answer; takes the request target as received. */
  readonly find: FindUnrouted;
}

export interface BrokenRequests {
  /** Answers a `clientError` of the server. */
  onError(error: ParserError, socket: Duplex): void;
  /** Refuses a request for a tunnel (CONNECT): no path has one. */
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
        // After an answer from here, the parser reports every further packet; the linger timer closes the connection.
        if (!socket.writableEnded) socket.destroy();
        return;
      }
      const { refusal, status } = causeOf(error);
      if (refuseExchange(socket, refusal)) return;
      const head = error.code === 'HPE_INVALID_METHOD' ? readHead(error) : null;
      if (head !== null) refuseUnrouted(socket, head.method, head.target, head.headers);
      else {
        const nowhere = find('', '', {});
        const answer = (): Answer => {
          throw refusal;
        };
        reply(socket, null, { ...nowhere, answer }, status);
      }
    },
    onConnect(method, target, headers, socket) {
      // Node no longer listens on a connection with a tunnel, and an error without a listener ends the process.
      socket.on('error', () => socket.destroy());
      refuseUnrouted(socket, method, target, headers);
    },
  };

  function refuseUnrouted(
    socket: Duplex,
    method: string,
    target: string,
    headers: IncomingHttpHeaders,
  ): void {
    // Any other method is free text of the caller, which the log must not contain.
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
        presentError(error, { operation, requestId, params: {}, isScripted: false }, logger),
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

/** Refuses the request whose answer is still open on the connection; false where there is none. */
function refuseExchange(socket: Duplex, refusal: HttpRefusal): boolean {
  const exchange = latestExchange(socket);
  if (exchange === undefined || exchange.response.writableFinished) return false;
  if (exchange.isAnswered) socket.destroy();
  else {
    exchange.response.setHeader('connection', 'close');
    // If the request is complete, the error is in later bytes, and only ends the connection.
    if (exchange.isArriving) exchange.refuseBody(refusal);
  }
  return true;
}

/** The refusal, and the status where it differs from that of the refusal in the contract. */
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

/** Method, target and headers of a request at the start of a packet; null if the packet does not start with one. */
function readHead({ rawPacket, bytesParsed = 0 }: ParserError) {
  const text = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1') : '';
  const match = requestLine.exec(text);
  // An error after the method belongs to a later request on the same connection.
  if (match?.[1] === undefined || match[2] === undefined || bytesParsed > match[1].length) return null;
  const [head = ''] = text.slice(match[0].length).split('\r\n\r\n', 1);
  const headers: IncomingHttpHeaders = {};
  for (const line of head.split('\r\n')) {
    const cut = line.indexOf(':');
    if (cut > 0) headers[line.slice(0, cut).toLowerCase()] ??= line.slice(cut + 1).trim();
  }
  return { method: match[1], target: match[2], headers };
}
