/**
 * The callers that are present: those with a request that works or waits, or had one within the last seconds. They are
 * grouped by organization; a caller without a credential is its network, in the group of the widest network around it. The table is bounded,
 * and each process has its own.
 */

/** A request that waits for its turn. */
export interface Waiting {
  readonly since: number;
  /** Lets it begin. */
  begin(): void;
  refuse(error: unknown): void;
}

/** What of one kind of work runs and waits. */
export interface Usage<Turn> {
  running: number;
  readonly waiting: Turn[];
}

/** An organization, or the widest network around callers without a credential. */
export class CallerGroup {
  readonly key: number | string;
  readonly callers = new Map<string, Caller>();
  /** By kind of work; the callers that wait, in the order of their turns. */
  readonly usage: readonly Usage<Caller>[];

  constructor(key: number | string, kinds: number) {
    this.key = key;
    this.usage = Array.from({ length: kinds }, () => ({ running: 0, waiting: [] }));
  }
}

export class Caller {
  readonly group: CallerGroup;
  readonly id: string;
  /** By kind of work; the requests that wait, oldest first. */
  readonly usage: readonly Usage<Waiting>[];
  seenAt: number;

  constructor(group: CallerGroup, id: string, kinds: number, seenAt: number) {
    this.group = group;
    this.id = id;
    this.usage = Array.from({ length: kinds }, () => ({ running: 0, waiting: [] }));
    this.seenAt = seenAt;
  }

  get isIdle(): boolean {
    for (const { running, waiting } of this.usage) if (running > 0 || waiting.length > 0) return false;
    return true;
  }
}

/** How long a caller counts as present after its last request, in milliseconds. */
const presenceMs = 2_000;
/** How long ago "a moment ago" is. */
const recentMs = 1_000;
/** How exact the times of the table are: a caller is moved in it no more often. */
const touchMs = 50;
const callersMax = 10_000;

/** The two different subjects that were seen last, and when. */
class LatestTwo<Subject extends object> {
  #last: Subject | null = null;
  #lastAt = Number.NEGATIVE_INFINITY;
  #otherAt = Number.NEGATIVE_INFINITY;

  see(subject: Subject, now: number): void {
    if (subject !== this.#last) this.#otherAt = this.#lastAt;
    this.#last = subject;
    this.#lastAt = now;
  }

  /** When another subject was seen last. */
  seenOther(subject: object): number {
    return subject === this.#last ? this.#otherAt : this.#lastAt;
  }
}

export class CallerTable {
  readonly #kinds: number;
  readonly #groups = new Map<number | string, CallerGroup>();
  /** Those seen longest ago come first. */
  readonly #byAge = new Set<Caller>();
  readonly #latestCaller = new LatestTwo<Caller>();
  readonly #latestGroup = new LatestTwo<CallerGroup>();
  #expiredAt = Number.NEGATIVE_INFINITY;

  constructor(kinds: number) {
    this.#kinds = kinds;
  }

  /** Whether no other caller is present. */
  get isOneCaller(): boolean {
    return this.#byAge.size <= 1;
  }

  /** Whether no other organization or network is present. */
  get isOneGroup(): boolean {
    return this.#groups.size <= 1;
  }

  /** The caller, who is present from now on. `now` is on the clock of `performance`. */
  see(groupKey: number | string, id: string, now: number): Caller {
    let group = this.#groups.get(groupKey);
    if (group === undefined) {
      group = new CallerGroup(groupKey, this.#kinds);
      this.#groups.set(groupKey, group);
    }
    let caller = group.callers.get(id);
    if (caller === undefined) {
      caller = new Caller(group, id, this.#kinds, now);
      group.callers.set(id, caller);
      this.#byAge.add(caller);
    } else if (now - caller.seenAt > touchMs) this.#touch(caller, now);
    this.#latestCaller.see(caller, now);
    this.#latestGroup.see(group, now);
    if (now - this.#expiredAt > touchMs || this.#byAge.size > callersMax) this.expire(now);
    return caller;
  }

  /** Whether a request of another caller than this one, or of another group, came a moment ago. */
  hasOthers(subject: Caller | CallerGroup, now: number): boolean {
    const latest = subject instanceof Caller ? this.#latestCaller : this.#latestGroup;
    return now - latest.seenOther(subject) < recentMs;
  }

  /** Forgets callers that are no longer present. */
  expire(now: number): void {
    this.#expiredAt = now;
    for (const caller of this.#byAge) {
      const isPresent = now - caller.seenAt < presenceMs;
      if (isPresent && this.#byAge.size <= callersMax) return;
      if (caller.isIdle) this.#forget(caller);
      else if (isPresent) return;
      else this.#touch(caller, now);
    }
  }

  #touch(caller: Caller, now: number): void {
    caller.seenAt = now;
    this.#byAge.delete(caller);
    this.#byAge.add(caller);
  }

  #forget(caller: Caller): void {
    const { group, id } = caller;
    this.#byAge.delete(caller);
    group.callers.delete(id);
    if (group.callers.size === 0) this.#groups.delete(group.key);
  }
}
