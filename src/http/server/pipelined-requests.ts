/**
 * Requests that come on a connection before the answers to earlier ones (RFC 9112, section 9.3.2). They are served one after the
 * other, and a bounded number waits, of one connection and of all: Node alone would read any number of them, and each takes memory.
 * A connection with more is cut; where all together are too many, the one is cut that has had some for longest.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setFollowed } from '../exchange.ts';

/** How many requests of one connection may wait, and how many of all connections. */
const waitingMax = 100;
const waitingTotalMax = 2_000;

interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Line {
  readonly arrived: Arrived[];
  /** Called when the last of them is served. */
  onLast: (() => void) | null;
}

export interface PipelinedOptions {
  /** Gets each request in its turn. */
  serve(arrived: Arrived): void;
  /** Closes a connection with too many requests. */
  cut(socket: Socket): void;
}

export class PipelinedRequests {
  readonly #options: PipelinedOptions;
  /** Of each connection that has some; those that have had some for longest come first. */
  readonly #lines = new Map<Socket, Line>();
  #waiting = 0;
  /** How many requests cut connections had, which have not ended yet. */
  #ending = 0;

  constructor(options: PipelinedOptions) {
    this.#options = options;
  }

  /** Whether requests of that connection wait. */
  has(socket: Socket): boolean {
    return this.#lines.size > 0 && this.#lines.has(socket);
  }

  /** Adds a request, which is served after the others of its connection; `before` is the answer that is not complete yet. */
  add(arrived: Arrived, before: ServerResponse): void {
    const { socket } = arrived.request;
    const line = this.#lines.get(socket) ?? this.#open(socket, before);
    line.arrived.push(arrived);
    this.#waiting += 1;
    // A closed connection keeps its requests until its end, which comes when all connections have been read.
    if (line.arrived.length > waitingMax || this.#ending > waitingTotalMax) this.#cut(socket, line);
    else if (this.#waiting > waitingTotalMax) this.#cutOldest();
  }

  /** Acts when the last request that has arrived on the connection is served: at once where none waits. */
  afterLast(socket: Duplex, act: () => void): void {
    const line = this.#lines.get(socket as Socket);
    if (line === undefined) act();
    else line.onLast = act;
  }

  /** Forgets the requests of a connection that has ended. */
  forget(socket: Socket): void {
    if (!this.has(socket)) return;
    this.#waiting -= this.#lines.get(socket)?.arrived.length ?? 0;
    this.#lines.delete(socket);
    setFollowed(socket, false);
  }

  #open(socket: Socket, before: ServerResponse): Line {
    const line: Line = { arrived: [], onLast: null };
    this.#lines.set(socket, line);
    setFollowed(socket, true);
    before.once('close', () => this.#serveNext(socket, line));
    return line;
  }

  #serveNext(socket: Socket, line: Line): void {
    const next = line.arrived.shift();
    if (next === undefined || socket.destroyed) return;
    this.#waiting -= 1;
    const isLast = line.arrived.length === 0;
    if (isLast) this.forget(socket);
    else next.response.once('close', () => this.#serveNext(socket, line));
    this.#options.serve(next);
    if (isLast) line.onLast?.();
  }

  #cutOldest(): void {
    const [oldest] = this.#lines;
    if (oldest !== undefined) this.#cut(...oldest);
  }

  #cut(socket: Socket, { arrived }: Line): void {
    const { length } = arrived;
    this.#ending += length;
    socket.once('close', () => {
      this.#ending -= length;
    });
    this.forget(socket);
    this.#options.cut(socket);
    skipRest(socket);
  }
}

/** As for a change of protocol. */
const stopReading = (): number => 2;

/**
 * Makes Node's parser leave the rest of what it has read. It would make a request of all in it, thousands from one packet, also where the
 * connection is closed. There is no documented way.
 */
function skipRest({ parser }: Socket & { readonly parser?: { onIncoming: unknown } | null }): void {
  if (parser) parser.onIncoming = stopReading;
}
