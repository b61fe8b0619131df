/**
 * One request and its answer while the server works on them. A connection knows the exchange whose request it
 * received last, so that an error in later bytes is assigned to the right request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from './http-refusals.ts';
import type { Operation } from './operation.ts';

export class Exchange {
  /** A UUID. */
  readonly id: string;
  readonly operation: Operation;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
  readonly startedAt = performance.now();
  /** Why the rest of the body will not arrive; null while it may. */
  bodyRefusal: Refusal | null = null;
  /** Called when `bodyRefusal` is set while the body is being read. */
  onBodyRefusal: ((refusal: Refusal) => void) | null = null;
  /** How many bytes of the body have been read. */
  heldBytes = 0;
  /** Whether the answer was given to Node; the reader may not have received it yet. */
  isAnswered = false;
  /** Whether its answer announces the end of the connection; the server drops what comes after it. */
  isLast = false;

  constructor(
    id: string,
    operation: Operation,
    request: IncomingMessage,
    response: ServerResponse,
    params: Readonly<Record<string, string>>,
  ) {
    this.id = id;
    this.operation = operation;
    this.request = request;
    this.response = response;
    this.params = params;
    (request.socket as Duplex as TrackedSocket)[latest] = this;
  }

  /** Stops waiting for the rest of the body: reading it is refused with `refusal`. */
  refuseBody(refusal: Refusal): void {
    this.bodyRefusal = refusal;
    this.onBodyRefusal?.(refusal);
  }

  /** Whether no later request has come on the connection. */
  get isLatest(): boolean {
    const socket: TrackedSocket = this.request.socket;
    return socket[latest] === this && socket[isFollowed] !== true;
  }

  /** Whether more of the request may arrive. */
  get isArriving(): boolean {
    return !this.request.complete && this.bodyRefusal === null && hasBody(this.request);
  }

  /** Whether the caller waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1). */
  get expectsContinue(): boolean {
    return (
      this.request.headers.expect?.toLowerCase() === '100-continue' && this.request.httpVersion === '1.1'
    );
  }
}

const latest = Symbol('latest exchange');
const isFollowed = Symbol('is followed');

interface TrackedSocket extends Duplex {
  [latest]?: Exchange;
  [isFollowed]?: boolean;
}

/** Notes whether further requests of the connection wait until its latest exchange has ended. */
export function setFollowed(socket: Duplex, value: boolean): void {
  (socket as TrackedSocket)[isFollowed] = value;
}

/** The exchange whose request arrived last on the connection; undefined before the first. */
export function latestExchange(socket: Duplex): Exchange | undefined {
  return (socket as TrackedSocket)[latest];
}

/** Whether the headers announce a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return (length !== undefined && Number(length) > 0) || headers['transfer-encoding'] !== undefined;
}
