/**
 * One request and its answer while the server works on them. A connection knows the exchange whose request it
 * received last, so that an error in later bytes is assigned to the right request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
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
  /** Why the rest of the request will never come; null while it may. */
  breach: Refusal | null = null;
  /** Called when there is a breach while the body is being read. */
  onBreach: ((breach: Refusal) => void) | null = null;
  /** Whether the answer has been handed over, though perhaps not yet taken by the reader. */
  isAnswered = false;

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
    (request.socket as TrackedSocket)[latest] = this;
  }

  /** Gives up the rest of the request: whoever reads the body is refused with `breach`. */
  giveUp(breach: Refusal): void {
    this.breach = breach;
    this.onBreach?.(breach);
  }

  /** Whether more of the request may come. */
  get isArriving(): boolean {
    return !this.request.complete && this.breach === null && hasBody(this.request);
  }

  /** Whether the caller waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1). */
  get expectsContinue(): boolean {
    return (
      this.request.headers.expect?.toLowerCase() === '100-continue' && this.request.httpVersion === '1.1'
    );
  }
}

const latest = Symbol('latest exchange');

interface TrackedSocket extends Socket {
  [latest]?: Exchange;
}

/** The exchange whose request came last on the connection; undefined before the first. */
export function latestExchange(socket: Socket): Exchange | undefined {
  return (socket as TrackedSocket)[latest];
}

/** Whether the headers announce a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return (length !== undefined && Number(length) > 0) || headers['transfer-encoding'] !== undefined;
}
