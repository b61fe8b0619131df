/**
 * The connections of the server, and which of them give way. A request is half sent from its first byte to its last; those have
 * bounds of their own, in all and by network, also of their bytes, and a least rate. The oldest give way first, so a caller that sends whole requests
 * is served beside a stranger of the same network who does not. If the server has no place for a new connection, idle ones are
 * closed, first those of the network that has most; where all work, the largest network gives places to the others. Connections
 * of a trusted proxy have no bound by network.
 *
 * Nothing is done for a request but to note it. A pass over all connections, twice a second, reads from Node how far each has come.
 * Requests that do not wait for answers are in `pipelined-requests.ts`.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { levelsOf } from '../../core/access/network.ts';
import { secondMs } from '../../core/time.ts';
import { hasBody, latestExchange } from '../exchange.ts';
import { refuseHttp } from '../http-refusals.ts';
import type { NetworkReader } from '../reading/network.ts';
import type { HttpSettings } from '../settings.ts';
import { PipelinedRequests } from './pipelined-requests.ts';

export type SocketLimits = Pick<
  HttpSettings,
  | 'socketsMax'
  | 'halfSentMax'
  | 'halfSentNetworkMax'
  | 'halfSentBytesMax'
  | 'leastBytesPerSecond'
  | 'slowAfterMs'
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

/**
 * Why a connection was closed: too slow, over the bound of its network or over that of all, its place was needed, or too many
 * requests came before their answers.
 */
export type SocketClosure = 'slow' | 'network' | 'total' | 'place' | 'pipelined';

export interface SocketGuardOptions {
  readonly server: Server;
  readonly networks: NetworkReader;
  readonly limits: SocketLimits;
  /** Gets each request in its turn. */
  serve(request: IncomingMessage, response: ServerResponse): void;
  /** Refuses a request whose head arrives too slowly. */
  refuseHead(socket: Socket): void;
  onClosed?(reason: SocketClosure): void;
}

type State = 'idle' | 'head' | 'body' | 'working' | 'unread';

interface Connection {
  readonly socket: Socket;
  readonly network: string;
  /** The widest network around it: a stranger with many addresses is one. */
  readonly group: string;
  readonly isProxy: boolean;
  /** The last request that is served, and its answer; null before the first. */
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
/** A network with a smaller part of all connections than this is no crowd. */
const crowdPart = 0.01;
/** A connection that was used within this time is about to send its next request. */
const freshMs = secondMs;
/** An answer that its reader has not taken for so long may give way. */
const unreadMs = 5 * secondMs;

const fullMs = 50;

const connection = Symbol('connection');
type TrackedSocket = Socket & { [connection]?: Connection };

export class SocketGuard {
  readonly #options: SocketGuardOptions;
  readonly #connections = new Set<Connection>();
  readonly #timer: NodeJS.Timeout;
  /** How many connections each group has, without those of proxies. */
  readonly #sizes = new Map<string, number>();
  /** Until then, groups of that size look for no place: there was none a moment ago. */
  #full = { until: 0, size: 0 };
  readonly #pipelined = new PipelinedRequests({
    serve: ({ request, response }) =>
      this.#serve((request.socket as TrackedSocket)[connection], request, response),
    cut: (socket) => this.#cut(socket),
  });

  constructor(options: SocketGuardOptions) {
    this.#options = options;
    options.server.on('connection', (socket) => this.#add(socket));
    this.#timer = setInterval(() => this.pass(performance.now()), passMs).unref();
  }

  /** Takes a request whose head has arrived, and serves it when those before it on its connection are answered. */
  take(request: IncomingMessage, response: ServerResponse): void {
    const found = (request.socket as TrackedSocket)[connection];
    if (found === undefined || found.socket.destroyed) return;
    const before = found.response;
    const isFree = before === null || before.destroyed || before.writableFinished;
    if (before === null || (isFree && !this.#pipelined.has(found.socket)))
      this.#serve(found, request, response);
    else this.#pipelined.add({ request, response }, before);
  }

  /** Acts when the last request that has arrived is served: at once, or after those before it. */
  afterPipelined(socket: Duplex, act: () => void): void {
    this.#pipelined.afterLast(socket, act);
  }

  #serve(found: Connection | undefined, request: IncomingMessage, response: ServerResponse): void {
    if (found === undefined) return;
    found.request = request;
    found.response = response;
    found.usedAt = performance.now();
    found.headSince = null;
    found.isMarked = false;
    if (hasBody(request)) found.bytesBefore = found.socket.bytesRead;
    this.#options.serve(request, response);
  }

  #cut(socket: TrackedSocket): void {
    const found = socket[connection];
    if (found !== undefined) this.#close(found, 'pipelined');
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
    const { halfSentMax, halfSentNetworkMax, halfSentBytesMax } = this.#options.limits;
    const halfSent: Connection[] = [];
    let bytes = 0;
    for (const each of this.#connections) {
      const state = this.#look(each, now);
      if (!isHalfSent(state)) continue;
      if (each.isRefused) each.socket.destroy();
      else if (this.#isSlow(each, state, now)) this.#refuse(each, state);
      else {
        halfSent.push(each);
        bytes += heldBytesOf(each);
      }
    }
    const isWithin = halfSent.length <= Math.min(halfSentNetworkMax, halfSentMax / 2);
    if (isWithin && bytes <= halfSentBytesMax / 2) return;
    // The newest first, so that the oldest are those beyond a bound.
    halfSent.sort((left, right) => sinceOf(right) - sinceOf(left));
    const total: Held = { count: 0, bytes: 0 };
    const byNetwork = new Map<string, Held>();
    const byGroup = new Map<string, Held>();
    const whole = { count: halfSentMax, bytes: halfSentBytesMax };
    // A group, such as a /48, leaves the other half to others.
    const half = { count: halfSentMax / 2, bytes: halfSentBytesMax / 2 };
    const ofNetwork = { count: halfSentNetworkMax, bytes: halfSentBytesMax };
    for (const each of halfSent) {
      const more = heldBytesOf(each);
      const [network, group] = [heldIn(byNetwork, each.network), heldIn(byGroup, each.group)];
      const fits = fitsIn(network, more, ofNetwork) && fitsIn(group, more, half);
      if (!each.isProxy && !fits) this.#close(each, 'network');
      else if (!fitsIn(total, more, whole)) this.#close(each, 'total');
      else {
        for (const held of [total, network, group]) {
          held.count += 1;
          held.bytes += more;
        }
      }
    }
  }

  #add(socket: TrackedSocket): void {
    const { network, isTrusted: isProxy } = this.#options.networks.peerOf(socket);
    const now = performance.now();
    const added: Connection = {
      ...{ socket, network, isProxy, group: levelsOf(network).at(-1)?.network ?? network },
      ...{ request: null, response: null },
      ...{ usedAt: now, bytesBefore: 0, headSince: null, isMarked: true, isRefused: false },
    };
    if (this.#connections.size >= this.#options.limits.socketsMax && !this.#makePlaces(added, now)) {
      this.#options.onClosed?.('place');
      socket.destroy();
      return;
    }
    socket[connection] = added;
    this.#connections.add(added);
    if (!isProxy) this.#sizes.set(added.group, this.#sizeOf(added) + 1);
    socket.once('close', () => this.#remove(added));
  }

  #remove(removed: Connection): void {
    if (!this.#connections.delete(removed)) return;
    this.#pipelined.forget(removed.socket);
    if (removed.isProxy) return;
    const size = this.#sizeOf(removed) - 1;
    if (size > 0) this.#sizes.set(removed.group, size);
    else this.#sizes.delete(removed.group);
  }

  #sizeOf({ group, isProxy }: Connection): number {
    return isProxy ? 0 : (this.#sizes.get(group) ?? 0);
  }

  /** Closes connections that give way to a new one; false where there are none. */
  #makePlaces(added: Connection, now: number): boolean {
    const size = this.#sizeOf(added);
    if (now < this.#full.until && size >= this.#full.size) return false;
    const giving = this.#givingFor(size, now);
    for (const each of giving) this.#close(each, 'place');
    if (giving.length === 0) this.#full = { until: now + fullMs, size };
    return giving.length > 0;
  }

  /** The connections that give way to a new one of a group of that size. */
  #givingFor(size: number, now: number): Connection[] {
    const idle: Connection[] = [];
    const halfSent: Connection[] = [];
    const unread: Connection[] = [];
    const fresh: Connection[] = [];
    const busy: Connection[] = [];
    for (const each of this.#connections) {
      const state = this.#look(each, now);
      const ms = now - each.usedAt;
      if (state === 'idle') (ms > freshMs ? idle : fresh).push(each);
      else if (isHalfSent(state)) halfSent.push(each);
      else (state === 'unread' && ms > unreadMs ? unread : busy).push(each);
    }
    const { socketsMax } = this.#options.limits;
    const batch = Math.max(1, Math.floor(socketsMax * batchPart));
    const useless = [idle, halfSent, unread].find(({ length }) => length > 0);
    if (useless !== undefined) return oldestOf(largestOf(useless), batch);
    // A crowd has many, and more than twice what the other group gets; it gives places, whatever its connections do.
    const [crowd = '', crowded] = largestSizeOf(this.#sizes);
    const left = Math.max(socketsMax * crowdPart, 2 * (size + 1));
    if (crowded > left) {
      const ofCrowd = ({ group, isProxy }: Connection): boolean => group === crowd && !isProxy;
      const some = fresh.filter(ofCrowd);
      const most = Math.min(batch, Math.ceil((crowded - left) / 2));
      return oldestOf(some.length > 0 ? some : busy.filter(ofCrowd), most);
    }
    const others = largestOf(fresh);
    const isSmaller = others.some((each) => !each.isProxy && this.#sizeOf(each) < size);
    return isSmaller ? [] : oldestOf(others, batch);
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
    this.#remove(each);
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

/** The bytes of a half-sent body that the server holds; none of one whose rest is dropped, because it has its answer. */
function heldBytesOf({ socket, request }: Connection): number {
  const exchange = latestExchange(socket);
  if (exchange === undefined || exchange.request !== request || exchange.isAnswered) return 0;
  return exchange.heldBytes + request.readableLength;
}

/** How many half-sent requests there are, and the bytes that the server holds of them. */
interface Held {
  count: number;
  bytes: number;
}

function heldIn(all: Map<string, Held>, key: string): Held {
  const known = all.get(key);
  if (known !== undefined) return known;
  const held = { count: 0, bytes: 0 };
  all.set(key, held);
  return held;
}

function fitsIn(held: Held, moreBytes: number, limit: Readonly<Held>): boolean {
  return held.count < limit.count && held.bytes + moreBytes <= limit.bytes;
}

function isHalfSent(state: State): boolean {
  return state === 'head' || state === 'body';
}

/** Since when the request is half sent, or when the connection was last used. */
function sinceOf({ headSince, usedAt }: Connection): number {
  return headSince ?? usedAt;
}

/** The connections of the group that has most of them; those of proxies only where there are no others. */
function largestOf(connections: readonly Connection[]): Connection[] {
  const direct = connections.filter(({ isProxy }) => !isProxy);
  const byGroup = Map.groupBy(direct.length > 0 ? direct : connections, ({ group }) => group);
  let largest: Connection[] = [];
  for (const each of byGroup.values()) if (each.length > largest.length) largest = each;
  return largest;
}

function oldestOf(connections: Connection[], count: number): Connection[] {
  return connections.sort((left, right) => sinceOf(left) - sinceOf(right)).slice(0, count);
}

function largestSizeOf(
  sizes: ReadonlyMap<string, number>,
): readonly [group: string | undefined, size: number] {
  let largest: readonly [string | undefined, number] = [undefined, 0];
  for (const each of sizes) if (each[1] > largest[1]) largest = each;
  return largest;
}
