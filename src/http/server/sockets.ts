/**
 * The connections of the server, and which of them give way. A request is half sent from its first byte to its last; those have
 * bounds of their own, in all and by network, and a least rate. The oldest give way first, so a caller that sends whole requests
 * is served beside a stranger of the same network who does not. If the server has no place for a new connection, idle ones are
 * closed, first those of the network that has most. Connections of a trusted proxy have no bound by network.
 *
 * Nothing is done for a request but to note it. A pass over all connections, twice a second, reads from Node how far each has come.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { secondMs } from '../../core/time.ts';
import { hasBody, latestExchange } from '../exchange.ts';
import { refuseHttp } from '../http-refusals.ts';
import type { NetworkReader } from '../reading/network.ts';
import type { HttpSettings } from '../settings.ts';

export type SocketLimits = Pick<
  HttpSettings,
  'socketsMax' | 'halfSentMax' | 'halfSentNetworkMax' | 'leastBytesPerSecond' | 'slowAfterMs'
>;

/** How many connections are in each state. */
export interface SocketCounts {
  /** Between two requests, or before the first. */
  readonly idle: number;
  /** A request has begun to arrive. */
  readonly halfSent: number;
  /** A request is complete and its answer is not. */
  readonly working: number;
}

/** Why a connection was closed: too slow, over the bound of its network or over that of all, or its place was needed. */
export type SocketClosure = 'slow' | 'network' | 'total' | 'place';

export interface SocketGuardOptions {
  readonly server: Server;
  readonly networks: NetworkReader;
  readonly limits: SocketLimits;
  /** Refuses a request whose head arrives too slowly. */
  refuseHead(socket: Socket): void;
  onClosed?(reason: SocketClosure): void;
}

type State = 'idle' | 'head' | 'body' | 'working' | 'unread';

interface Connection {
  readonly socket: Socket;
  readonly network: string;
  readonly isProxy: boolean;
  /** The last request, and its answer; null before the first. */
  request: IncomingMessage | null;
  response: ServerResponse | null;
  /** When the last request began, or the connection; on the clock of `performance`. */
  usedAt: number;
  /** The bytes read before the request that is half sent. */
  bytesBefore: number;
  /** When the head of a further request was first seen; null while there is none. */
  headSince: number | null;
  /** Whether `bytesBefore` was read after the last request. */
  isMarked: boolean;
  /** Whether it was refused, and has until the next pass to read that. */
  isRefused: boolean;
}

const passMs = 0.5 * secondMs;
/** So large a part of all connections is closed at once, so that a flood of new ones does not look through all each time. */
const batchPart = 0.05;
/** A connection that was used within this time is about to send its next request. */
const freshMs = secondMs;
/** An answer that its reader has not taken for so long may give way. */
const unreadMs = 5 * secondMs;

const fullMs = 50;

const connection = Symbol('connection');

export class SocketGuard {
  readonly #options: SocketGuardOptions;
  readonly #connections = new Set<Connection>();
  readonly #timer: NodeJS.Timeout;
  /** Until then no place is looked for: all connections worked a moment ago. */
  #isFullUntil = 0;

  constructor(options: SocketGuardOptions) {
    this.#options = options;
    options.server.on('connection', (socket) => this.#add(socket));
    this.#timer = setInterval(() => this.pass(performance.now()), passMs).unref();
  }

  /** Notes a request; called for each one when its head has arrived. */
  received(request: IncomingMessage, response: ServerResponse): void {
    const found = (request.socket as Socket & { [connection]?: Connection })[connection];
    if (found === undefined) return;
    found.request = request;
    found.response = response;
    found.usedAt = performance.now();
    found.headSince = null;
    found.isMarked = false;
    if (hasBody(request)) found.bytesBefore = request.socket.bytesRead;
  }

  counts(): SocketCounts {
    const counts = { idle: 0, halfSent: 0, working: 0 };
    for (const each of this.#connections) {
      const state = stateOf(each);
      if (state === 'idle') counts.idle += 1;
      else if (isHalfSent(state)) counts.halfSent += 1;
      else counts.working += 1;
    }
    return counts;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** All connections. */
  sockets(): Socket[] {
    return Array.from(this.#connections, ({ socket }) => socket);
  }

  /** The connections without a request. */
  idle(): Socket[] {
    const now = performance.now();
    const idle = [...this.#connections].filter((each) => this.#look(each, now) === 'idle');
    return idle.map(({ socket }) => socket);
  }

  /** Closes what is too slow and what is over the bounds of half-sent requests. */
  pass(now: number): void {
    const { halfSentMax, halfSentNetworkMax } = this.#options.limits;
    const halfSent: Connection[] = [];
    for (const each of this.#connections) {
      const state = this.#look(each, now);
      if (!isHalfSent(state)) continue;
      if (each.isRefused) each.socket.destroy();
      else if (this.#isSlow(each, state, now)) this.#refuse(each, state);
      else halfSent.push(each);
    }
    if (halfSent.length <= Math.min(halfSentMax, halfSentNetworkMax)) return;
    // The newest first, so that the oldest are those beyond a bound.
    halfSent.sort((left, right) => sinceOf(right) - sinceOf(left));
    const ofNetwork = new Map<string, number>();
    let total = 0;
    for (const each of halfSent) {
      const count = (ofNetwork.get(each.network) ?? 0) + 1;
      if (!each.isProxy && count > halfSentNetworkMax) this.#close(each, 'network');
      else if (total >= halfSentMax) this.#close(each, 'total');
      else {
        ofNetwork.set(each.network, count);
        total += 1;
      }
    }
  }

  #add(socket: Socket & { [connection]?: Connection }): void {
    const { network, isTrusted: isProxy } = this.#options.networks.peerOf(socket);
    const now = performance.now();
    const added: Connection = {
      ...{ socket, network, isProxy, request: null, response: null },
      ...{ usedAt: now, bytesBefore: 0, headSince: null, isMarked: true, isRefused: false },
    };
    if (this.#connections.size >= this.#options.limits.socketsMax && !this.#makePlaces(now)) {
      this.#options.onClosed?.('place');
      socket.destroy();
      return;
    }
    socket[connection] = added;
    this.#connections.add(added);
    socket.once('close', () => this.#connections.delete(added));
  }

  /** Closes connections that give way to new ones; false where all of them work. */
  #makePlaces(now: number): boolean {
    if (now < this.#isFullUntil) return false;
    const idle: Connection[] = [];
    const halfSent: Connection[] = [];
    const unread: Connection[] = [];
    const fresh: Connection[] = [];
    for (const each of this.#connections) {
      const state = this.#look(each, now);
      if (state === 'idle') (now - each.usedAt > freshMs ? idle : fresh).push(each);
      else if (isHalfSent(state)) halfSent.push(each);
      else if (state === 'unread' && now - each.usedAt > unreadMs) unread.push(each);
    }
    const candidates = [idle, halfSent, unread, fresh].find(({ length }) => length > 0);
    if (candidates === undefined) {
      this.#isFullUntil = now + fullMs;
      return false;
    }
    const most = Math.max(1, Math.floor(this.#options.limits.socketsMax * batchPart));
    const giving = largestOf(candidates).sort((left, right) => sinceOf(left) - sinceOf(right));
    for (const each of giving.slice(0, most)) this.#close(each, 'place');
    return true;
  }

  /** The state, as it is now. Notes where the head of a further request begins. */
  #look(each: Connection, now: number): State {
    const state = stateOf(each);
    if (state === 'head') each.headSince ??= now;
    else if (state === 'idle' && !each.isMarked) {
      each.bytesBefore = each.socket.bytesRead;
      each.isMarked = true;
    }
    return state;
  }

  #isSlow(each: Connection, state: State, now: number): boolean {
    if (state === 'body' && waitsForContinue(each)) each.usedAt = now;
    const { leastBytesPerSecond, slowAfterMs } = this.#options.limits;
    const elapsedMs = now - sinceOf(each);
    if (elapsedMs <= slowAfterMs) return false;
    // What waits to be read shows that the server is the slower one.
    if (state === 'body' && (each.request?.readableLength ?? 0) > 0) return false;
    return each.socket.bytesRead - each.bytesBefore < (leastBytesPerSecond * elapsedMs) / secondMs;
  }

  #refuse(each: Connection, state: State): void {
    each.isRefused = true;
    this.#options.onClosed?.('slow');
    const exchange = state === 'body' ? latestExchange(each.socket) : undefined;
    if (exchange?.isArriving === true && !exchange.isAnswered) {
      exchange.response.setHeader('connection', 'close');
      exchange.refuseBody(refuseHttp('request_timeout', {}));
    } else if (state === 'head') this.#options.refuseHead(each.socket);
    else each.socket.destroy();
  }

  #close(each: Connection, reason: SocketClosure): void {
    this.#options.onClosed?.(reason);
    // Before the event of its end, so that the place is free.
    this.#connections.delete(each);
    each.socket.destroy();
  }
}

function stateOf({ socket, request, response, bytesBefore, isMarked }: Connection): State {
  if (request !== null && response !== null) {
    // After an early answer the rest of a body may still arrive.
    if (!request.complete && !request.destroyed) return 'body';
    if (!response.writableFinished && !response.destroyed)
      return response.writableEnded ? 'unread' : 'working';
  }
  return isMarked && socket.bytesRead > bytesBefore ? 'head' : 'idle';
}

/** Whether the caller waits for `100 Continue`, which the server has not sent yet. */
function waitsForContinue({ socket }: Connection): boolean {
  const exchange = latestExchange(socket);
  return exchange?.expectsContinue === true && !exchange.isAnswered && exchange.onBodyRefusal === null;
}

function isHalfSent(state: State): boolean {
  return state === 'head' || state === 'body';
}

/** Since when the request is half sent, or when the connection was last used. */
function sinceOf({ headSince, usedAt }: Connection): number {
  return headSince ?? usedAt;
}

/** The connections of the network that has most of them; those of proxies only where there are no others. */
function largestOf(connections: readonly Connection[]): Connection[] {
  const direct = connections.filter(({ isProxy }) => !isProxy);
  const byNetwork = Map.groupBy(direct.length > 0 ? direct : connections, ({ network }) => network);
  let largest: Connection[] = [];
  for (const each of byNetwork.values()) if (each.length > largest.length) largest = each;
  return largest;
}
