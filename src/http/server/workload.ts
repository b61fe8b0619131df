/**
 * The work of one process, divided fairly among its callers: reads, changes, calls at doors without a credential, answers in
 * pieces and the pieces of these, each in a queue of its own (`fair-queue.ts`). A caller is a key, an app or an account of an organization, or else a network.
 * Several processes divide each its own work.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { levelsOf } from '../../core/access/network.ts';
import type { Principal } from '../../core/access/principal.ts';
import { actorIdOf } from '../../core/record/audit-event.ts';
import type { Piece } from '../contract.ts';
import type { HttpSettings } from '../settings.ts';
import { type Caller, CallerTable } from './callers.ts';
import { FairQueue, type QueueLimits, type QueueMeter, type ShedReason } from './fair-queue.ts';
import { PacedRefusals } from './paced-refusals.ts';

/** In the order of the usage of callers. */
export const workKinds = ['read', 'write', 'door', 'stream', 'piece'] as const;
export type WorkKind = (typeof workKinds)[number];

/** Gets what the queues decide, for the metrics. */
export interface WorkMeter {
  waited(kind: WorkKind, ms: number): void;
  exceeded(kind: WorkKind): void;
  shed(kind: WorkKind, reason: ShedReason): void;
}

/**
 * Changes of one caller that run together share a commit, which blocks the others for its time; the share is small
 * enough that another caller's request is hardly slower. Calls at doors mostly wait for password hashes, which have turns of
 * their own.
 */
const waitMs = 10_000;
const limitsOf = {
  read: { total: 128, caller: 16, group: 32, waitMs },
  write: { total: 128, caller: 4, group: 8, waitMs },
  door: { total: 512, caller: 64, group: 64, waitMs },
  // Reading a piece takes the event loop for milliseconds.
  piece: { total: 2, caller: 1, group: 1, waitMs: 60_000 },
} satisfies Partial<Record<WorkKind, Omit<QueueLimits, 'waiting'>>>;

/** A stream lasts as long as its reader takes; other organizations find half of the places free. */
function streamLimits(total: number): Omit<QueueLimits, 'waiting'> {
  const half = Math.floor(total / 2);
  return { total, caller: half, group: half, waitMs: 60_000 };
}

type WorkloadSettings = Pick<HttpSettings, 'requestsInFlightMax' | 'streamsMax'>;

/** What of a call says whose it is. The network is read only where it counts. */
interface CallOfCaller {
  readonly principal: Principal | null;
  readonly network: string;
}

export class Workload {
  readonly #callers = new CallerTable(workKinds.length);
  readonly #queues: Readonly<Record<WorkKind, FairQueue>>;
  readonly refusals: PacedRefusals;
  readonly #meter: WorkMeter | undefined;

  /** As many requests of each kind may wait as may be in flight. */
  constructor({ requestsInFlightMax: waiting, streamsMax }: WorkloadSettings, meter?: WorkMeter) {
    this.refusals = new PacedRefusals(waiting);
    this.#meter = meter;
    this.#queues = byKind((name, kind) => {
      const own = name === 'stream' ? streamLimits(streamsMax) : limitsOf[name];
      const limits = { ...own, waiting };
      return new FairQueue({ callers: this.#callers, kind, limits, meter: meterOf(name, meter) });
    });
  }

  /** Whether requests of some kind are being shed because all of them are too many. */
  get isShedding(): boolean {
    const now = performance.now();
    return workKinds.some((kind) => this.#queues[kind].isShedding(now));
  }

  /** The requests that wait, by kind. */
  get waiting(): Readonly<Record<WorkKind, number>> {
    return byKind((kind) => this.#queues[kind].waiting);
  }

  /** Counts a request of that kind that is refused outside the queues, because too many are in flight. */
  countShed(kind: WorkKind): void {
    this.#meter?.shed(kind, 'overload');
  }

  queue(kind: WorkKind): FairQueue {
    return this.#queues[kind];
  }

  /**
   * The caller of a request: its principal, or without one its network, in the group of the widest network around it: a stranger
   * with many addresses has one share. `now` is on the clock of `performance`.
   */
  callerOf(call: CallOfCaller, now: number): Caller {
    const { principal } = call;
    const id = principal === null ? null : actorIdOf(principal);
    if (principal !== null && id !== null) return this.#callers.see(principal.orgKey, id, now);
    const name = call.network;
    return this.#callers.see(levelsOf(name).at(-1)?.network ?? name, name, now);
  }
}

/** A source whose pieces are read in the turns of its caller, which others may have between them. */
export function inTurns(
  source: AsyncIterable<Piece>,
  queue: FairQueue,
  caller: Caller,
): AsyncIterable<Piece> {
  const pieces = source[Symbol.asyncIterator]();
  let ending: Promise<void> | null = null;
  const iterator: AsyncIterator<Piece> = {
    async next() {
      await ending;
      const turn = new Turn();
      await turn.take(queue, caller, performance.now());
      try {
        return await pieces.next();
      } finally {
        // Only then the answers of this turn of the event loop are written, and other requests are read.
        ending = nextTurn().then(() => turn.end());
      }
    },
    async return() {
      await pieces.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function byKind<T>(make: (kind: WorkKind, at: number) => T): Readonly<Record<WorkKind, T>> {
  return Object.fromEntries(workKinds.map((kind, at) => [kind, make(kind, at)])) as Record<WorkKind, T>;
}

function meterOf(kind: WorkKind, meter: WorkMeter | undefined): QueueMeter | undefined {
  if (meter === undefined) return undefined;
  return {
    waited: (ms) => meter.waited(kind, ms),
    exceeded: () => meter.exceeded(kind),
    shed: (reason) => meter.shed(kind, reason),
  };
}

/** The turn of one request, which holds at most one place in a queue. */
export class Turn {
  /** Whether the queue has refused it. */
  wasShed = false;
  /** Whether it has held a place. */
  hadPlace = false;
  /** Whether the pipeline counts it as a request in flight. */
  isInFlight = false;
  #queue: FairQueue | null = null;
  #since = 0;
  #caller: Caller | null = null;

  get hasPlace(): boolean {
    return this.#queue !== null;
  }

  /** Takes a place: undefined where it is free, else a promise that rejects if the request is shed. */
  take(queue: FairQueue, caller: Caller, now: number): Promise<void> | undefined {
    const waiting = queue.enter(caller, now);
    if (waiting !== undefined) return this.#wait(waiting, queue, caller);
    this.#hold(queue, caller, now);
    return undefined;
  }

  /** Gives the place back, if there is one. */
  end(): void {
    const [queue, caller] = [this.#queue, this.#caller];
    if (queue === null || caller === null) return;
    this.#queue = null;
    // The times matter only to those that wait, and most requests leave none waiting.
    const now = queue.waiting === 0 ? this.#since : performance.now();
    queue.leave(caller, now, now - this.#since);
  }

  async #wait(waiting: Promise<void>, queue: FairQueue, caller: Caller): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      this.wasShed = true;
      throw error;
    }
    this.#hold(queue, caller, performance.now());
  }

  #hold(queue: FairQueue, caller: Caller, now: number): void {
    this.hadPlace = true;
    this.#queue = queue;
    this.#caller = caller;
    this.#since = now;
  }
}
