/**
 * Fair queueing of one kind of work. A request begins at once while its caller is within its share; one that is over it
 * waits. Organizations take turns, and in an organization its callers. A share binds only while other callers are
 * present (`callers.ts`), so a caller that is alone has all of the capacity.
 *
 * While one caller floods and others make single requests, the flood uses its places only a sixth of the time: most
 * requests of the others then find the writer and the event loop free, as without the flood.
 *
 * Overload is more waiting work than `standingMax` for `standingMs`, although all of the capacity is in use, where it would also take longer than
 * `delayMaxMs` to begin all of it at the present pace: many connections that are each answered quickly are no overload. The queue then
 * works on little at a time and lets few wait, so that what it admits is answered as fast as without load; every further
 * request is shed at once: of the caller with the most waiting requests with `rate_limited`, else with `unavailable`.
 * The state ends when nothing was shed for `calmMs`.
 */
import { refuse } from '../../core/errors.ts';
import type { Caller, CallerGroup, CallerTable, Usage, Waiting } from './callers.ts';

export interface QueueLimits {
  /** Requests that work at the same time. */
  readonly total: number;
  /** Those of one caller while others are present. */
  readonly caller: number;
  /** Those of one organization while others are present. */
  readonly group: number;
  /** Requests that may wait. */
  readonly waiting: number;
  /** A request that has waited longer is refused instead of begun. */
  readonly waitMs: number;
}

/** Gets what the queue decides, for the metrics. */
export interface QueueMeter {
  /** A request has waited and now begins. */
  waited(ms: number): void;
  /** A request was over the share of its caller, so it waits. */
  exceeded(): void;
  /** A request was refused: `share` where its caller was over its share, `overload` where all callers are too much. */
  shed(reason: ShedReason): void;
}

export type ShedReason = 'share' | 'overload';

/** What works and waits during overload. */
const overloaded = { total: 16, waiting: 16 } as const;
const standingMax = 128;
const standingMs = 500;
const delayMaxMs = 50;
const calmMs = 1_000;
/** A place that a flood has used is free again only after a rest of so many times its use. */
const restFactor = 5;
const restMsMax = 100;
const retryAfterSeconds = 1;

export interface FairQueueOptions {
  readonly callers: CallerTable;
  /** The index of this kind of work in the usage of callers. */
  readonly kind: number;
  readonly limits: QueueLimits;
  readonly meter?: QueueMeter | undefined;
}

export class FairQueue {
  readonly #callers: CallerTable;
  readonly #kind: number;
  readonly #limits: QueueLimits;
  readonly #meter: QueueMeter | undefined;
  /** The groups with a caller that waits, in the order of their turns. */
  readonly #turns: CallerGroup[] = [];
  /** The callers whose places rest, one for each place. */
  readonly #resting: Caller[] = [];
  #running = 0;
  #waiting = 0;
  /** Since when more than `standingMax` wait, and how many had begun then; null while fewer do. */
  #standing: { readonly since: number; readonly begun: number } | null = null;
  /** How many have begun. */
  #begun = 0;
  #shedsUntil = 0;

  constructor({ callers, kind, limits, meter }: FairQueueOptions) {
    this.#callers = callers;
    this.#kind = kind;
    this.#limits = limits;
    this.#meter = meter;
  }

  get waiting(): number {
    return this.#waiting;
  }

  isShedding(now: number): boolean {
    return now < this.#shedsUntil;
  }

  /**
   * Lets a request of the caller begin: undefined where it begins at once, else a promise that resolves when it begins,
   * and rejects if it is shed. Whoever has begun calls `leave` once.
   */
  enter(caller: Caller, now: number): Promise<void> | undefined {
    const { waiting } = this.#usageOf(caller);
    const isSoon = waiting.length === 0 && this.#mayBegin(caller, now);
    if (isSoon) {
      this.#begin(caller);
      return undefined;
    }
    if (!this.#hasCapacity(now)) this.#noteStanding(now);
    else this.#meter?.exceeded();
    const most = this.isShedding(now) ? overloaded.waiting : this.#limits.waiting;
    if (this.#waiting >= most && !this.#makeRoom(caller)) {
      return Promise.reject(this.#refusalFor(caller, now));
    }
    return new Promise((begin, refused) => {
      const { group } = caller;
      const { waiting: turns } = this.#usageOf(group);
      if (waiting.length === 0) {
        if (turns.length === 0) this.#turns.push(group);
        turns.push(caller);
      }
      waiting.push({ since: now, begin, refuse: refused });
      this.#waiting += 1;
    });
  }

  /** A request has ended that had begun, and took so long. */
  leave(caller: Caller, now: number, ms: number): void {
    if (this.#waiting > 0 && this.#isFlood(caller, now))
      this.#rest(caller, Math.min(ms * restFactor, restMsMax));
    else this.#free([caller], now);
  }

  /**
   * Places that rest are free again together, so that their changes share a commit: each alone would take the writer at
   * a time of its own, and with several places it would hardly ever be free.
   */
  #rest(caller: Caller, ms: number): void {
    this.#resting.push(caller);
    if (this.#resting.length > 1) return;
    setTimeout(() => this.#free(this.#resting.splice(0), performance.now()), ms);
  }

  #free(callers: readonly Caller[], now: number): void {
    for (const caller of callers) {
      this.#running -= 1;
      this.#usageOf(caller).running -= 1;
      this.#usageOf(caller.group).running -= 1;
    }
    if (this.#waiting > 0) this.#dispatch(now);
  }

  #usageOf<Turn>({ usage }: { readonly usage: readonly Usage<Turn>[] }): Usage<Turn> {
    return usage[this.#kind] as Usage<Turn>;
  }

  /** Whether all that waits is of this caller, or of its organization, while requests of others come too. */
  #isFlood(caller: Caller, now: number): boolean {
    const [group, another] = this.#turns;
    if (group !== caller.group || another !== undefined) return false;
    const [first, further] = this.#usageOf(group).waiting;
    if (further !== undefined) return this.#callers.hasOthers(group, now);
    return first === caller && this.#callers.hasOthers(caller, now);
  }

  #hasCapacity(now: number): boolean {
    const { total } = this.#limits;
    return this.#running < (this.isShedding(now) ? Math.min(overloaded.total, total) : total);
  }

  #mayBegin(caller: Caller, now: number): boolean {
    const { group } = caller;
    const ofGroup = this.#usageOf(group).running;
    // An organization always gets a first place, so that slow work of others cannot take all of them.
    if (!this.#hasCapacity(now) && (ofGroup > 0 || this.isShedding(now))) return false;
    if (!this.#callers.isOneCaller && this.#usageOf(caller).running >= this.#limits.caller) return false;
    return this.#callers.isOneGroup || ofGroup < this.#limits.group;
  }

  #begin(caller: Caller): void {
    this.#running += 1;
    this.#begun += 1;
    this.#usageOf(caller).running += 1;
    this.#usageOf(caller.group).running += 1;
  }

  /** Begins what may begin by now, one request of each group in turn. */
  #dispatch(now: number): void {
    for (let left = this.#turns.length; left > 0; left--) {
      const group = this.#turns.shift();
      if (group === undefined) return;
      const hasBegun = this.#dispatchOf(group, now);
      if (this.#usageOf(group).waiting.length > 0) this.#turns.push(group);
      if (hasBegun) left = this.#turns.length + 1;
    }
    if (this.#waiting <= standingMax) this.#standing = null;
  }

  /** Begins the next request of the group that may begin, of its callers in turn; false where there is none. */
  #dispatchOf(group: CallerGroup, now: number): boolean {
    const { waiting: turns } = this.#usageOf(group);
    for (let left = turns.length; left > 0; left--) {
      const caller = turns.shift();
      if (caller === undefined) return false;
      const { waiting } = this.#usageOf(caller);
      const turn = this.#mayBegin(caller, now) ? this.#take(waiting, now) : undefined;
      if (waiting.length > 0) turns.push(caller);
      if (turn === undefined) continue;
      this.#begin(caller);
      this.#meter?.waited(now - turn.since);
      turn.begin();
      return true;
    }
    return false;
  }

  /** The oldest request that has not waited too long; those that have are refused. */
  #take(waiting: Waiting[], now: number): Waiting | undefined {
    for (;;) {
      const turn = waiting.shift();
      if (turn === undefined) return undefined;
      this.#waiting -= 1;
      if (now - turn.since < this.#limits.waitMs) return turn;
      turn.refuse(this.#refusal('overload'));
    }
  }

  #noteStanding(now: number): void {
    if (this.#waiting < standingMax) return;
    this.#standing ??= { since: now, begun: this.#begun };
    const spanMs = now - this.#standing.since;
    if (spanMs < standingMs) return;
    // Little's law: what waits, by how many begin in a millisecond.
    const delayMs = (this.#waiting * spanMs) / (this.#begun - this.#standing.begun);
    if (delayMs < delayMaxMs) {
      this.#standing = null;
      return;
    }
    if (!this.isShedding(now)) this.#trim();
    this.#shedsUntil = now + calmMs;
  }

  /** Sheds what is too much for overload, the oldest first: their callers have waited in vain for longest. */
  #trim(): void {
    const callers = this.#turns.flatMap((group) => this.#usageOf(group).waiting);
    const each = Math.max(1, Math.floor(overloaded.waiting / callers.length));
    let left: number = overloaded.waiting;
    for (const caller of callers) {
      const { waiting } = this.#usageOf(caller);
      const kept = Math.min(waiting.length, each, left);
      left -= kept;
      const reason = waiting.length > each && callers.length > 1 ? 'share' : 'overload';
      for (const turn of waiting.splice(0, waiting.length - kept)) {
        this.#waiting -= 1;
        turn.refuse(this.#refusal(reason));
      }
    }
    for (const group of this.#turns.splice(0)) {
      const turns = this.#usageOf(group).waiting;
      turns.push(...turns.splice(0).filter((caller) => this.#usageOf(caller).waiting.length > 0));
      if (turns.length > 0) this.#turns.push(group);
    }
  }

  /** Sheds a request of the caller with the most waiting ones; false if none has more than `caller`. */
  #makeRoom(caller: Caller): boolean {
    let longest = caller;
    for (const group of this.#turns) {
      for (const each of this.#usageOf(group).waiting) {
        const isLonger = this.#usageOf(each).waiting.length > this.#usageOf(longest).waiting.length;
        if (isLonger) longest = each;
      }
    }
    // The longest keeps more than the caller gets.
    if (this.#usageOf(longest).waiting.length <= this.#usageOf(caller).waiting.length + 1) return false;
    const turn = this.#usageOf(longest).waiting.pop();
    this.#waiting -= 1;
    turn?.refuse(this.#refusal('share'));
    return true;
  }

  /** The refusal of a request for which there is no room. */
  #refusalFor(caller: Caller, now: number): Error {
    if (this.isShedding(now)) this.#shedsUntil = now + calmMs;
    const own = this.#usageOf(caller).waiting.length;
    const isOverShare = this.#hasCapacity(now) || (own > 1 && own < this.#waiting);
    return this.#refusal(!this.#callers.isOneCaller && isOverShare ? 'share' : 'overload');
  }

  #refusal(reason: ShedReason): Error {
    this.#meter?.shed(reason);
    return refuse(reason === 'share' ? 'rate_limited' : 'unavailable', { retryAfterSeconds });
  }
}
