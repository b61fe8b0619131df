/**
 * One request and its answer while it is worked on, and the call that contracts see of it. A connection knows
 * the exchange whose request it received last, so that an error found in its bytes can be told to the right one.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Principal } from '../core/access/principal.ts';
import type { DomainError } from '../core/errors.ts';
import type { Call } from './contract.ts';
import type { Operation } from './operation.ts';
import { networkOf } from './reading/network.ts';

export class Exchange {
  /** A UUID. */
  readonly id: string;
  readonly operation: Operation;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
  readonly startedAt = performance.now();
  /** Why the rest of the request will never come; null while it may. */
  breach: DomainError | null = null;
  /** Called when there is a breach while the body is being read. */
  onBreach: ((breach: DomainError) => void) | null = null;
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
  giveUp(breach: DomainError): void {
    this.breach = breach;
    this.onBreach?.(breach);
  }

  /** Whether more of the request may come. */
  get isArriving(): boolean {
    return !this.request.complete && this.breach === null && hasBody(this.request);
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

const noBytes = Buffer.alloc(0);

/** The call as a contract sees it. Filled in the order of the checks; complete when the handler gets it. */
export class ServerCall implements Call {
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly door: string;
  readonly requestId: string;
  principal: Principal | null = null;
  body: unknown = undefined;
  rawBody: Buffer = noBytes;
  readonly #peer: { readonly ip: string };

  /** `peer` is asked for the caller's address when that is wanted. */
  constructor(exchange: Exchange, query: Call['query'], peer: { readonly ip: string }) {
    this.headers = exchange.request.headers;
    this.params = exchange.params;
    this.query = query;
    this.door = exchange.operation.contract ?? 'pages';
    this.requestId = exchange.id;
    this.#peer = peer;
  }

  get network(): string {
    return networkOf(this.#peer.ip ?? 'unknown');
  }
}
