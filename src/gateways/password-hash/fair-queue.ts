/**
 * Runs a bounded number of tasks at a time. Waiting tasks take turns by network, and inside a network by account, so
 * the flood of one caller keeps others waiting for one of its tasks at most. A costly task counts as several turns. Each task waits
 * for a bounded time. Where more waits than can begin in that time at the present pace, or more than a bounded amount, the newest task
 * of the caller with the most waiting work is refused at once.
 */
import { refuse } from '../../core/errors.ts';
import { secondMs } from '../../core/time.ts';

/** Whose task it is. */
export interface Turn {
  readonly network: string;
  readonly account: string;
  /** Takes the task out of the queue. */
  readonly hangUp?: AbortSignal | undefined;
}

/** Why a task got no turn: too much work waits, its wait is too long or would be, or its caller hung up. */
export type Unserved = 'share' | 'wait' | 'hang_up';

export interface FairQueueOptions {
  readonly concurrency: number;
  /** How many units of work may wait. */
  readonly unitsMax: number;
  readonly waitMsMax: number;
  /** The present time in milliseconds; by default that of the process, which no one sets. */
  readonly now?: () => number;
  readonly onUnserved: (why: Unserved) => void;
}

interface Task {
  readonly units: number;
  begin(): void;
  /** `isOverShare`: others wait, and its network has the most waiting work. */
  refuse(why: Unserved, isOverShare: boolean): void;
}

/** The waiting work of a network or an account. */
interface Share {
  /** The units of its waiting tasks. */
  units: number;
  /** The units that it was served, beginning with those of the others when it joined them. */
  served: number;
}

interface Account extends Share {
  readonly tasks: Task[];
}

interface Network extends Share {
  readonly accounts: Map<string, Account>;
  /** Where a new account of the network begins to count. */
  level: number;
}

/** The part of a new measurement in the pace: one slow task does not decide. */
const paceShare = 1 / 8;

export class FairQueue {
  readonly #options: FairQueueOptions;
  readonly #networks = new Map<string, Network>();
  #running = 0;
  #waiting = 0;
  /** The tasks that wait. */
  #tasks = 0;
  /** The milliseconds of a unit lately; null before the first task. */
  #unitMs: number | null = null;
  /** Where a new network begins to count. */
  #level = 0;

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  /** The units of the tasks that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Runs the task in its turn. Without one it refuses with `rate_limited` where its network is over its share, else with
   * `unavailable`, and throws the reason of `hangUp`. A task that is larger than the whole queue may wait where no other does.
   */
  async run<T>(turn: Turn, units: number, work: () => Promise<T>): Promise<T> {
    turn.hangUp?.throwIfAborted();
    if (this.#running < this.#options.concurrency) this.#running += 1;
    // A task that ends starts the next one in its stead, so the number of running tasks stays the same.
    else await this.#wait(turn, Math.min(units, Math.max(1, this.#options.unitsMax)));
    const { now = () => performance.now() } = this.#options;
    const startedAt = now();
    try {
      return await work();
    } finally {
      this.#measure((now() - startedAt) / Math.max(1, units));
      const next = this.#takeNext();
      if (next === null) this.#running -= 1;
      else next.begin();
    }
  }

  async #wait(turn: Turn, units: number): Promise<void> {
    const { unitsMax, waitMsMax, onUnserved } = this.#options;
    const { hangUp } = turn;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const task: Task = {
      units,
      begin: resolve,
      refuse(why, isOverShare) {
        onUnserved(why);
        const code = isOverShare ? 'rate_limited' : 'unavailable';
        const retryAfterSeconds = Math.max(1, Math.ceil(waitMsMax / secondMs));
        reject(why === 'hang_up' ? hangUp?.reason : refuse(code, { retryAfterSeconds }));
      },
    };
    const leave = (why: Unserved) => (): void => {
      const isOverShare = this.#isOverShare(turn.network);
      if (this.#remove(turn, task)) task.refuse(why, isOverShare);
    };
    const late = setTimeout(leave('wait'), waitMsMax);
    const onHangUp = leave('hang_up');
    hangUp?.addEventListener('abort', onHangUp);
    try {
      this.#add(turn, task);
      while (this.#waiting > unitsMax) this.#refuseNewestOfLongest(turn, 'share');
      while (this.#waiting > this.#unitsInTime && this.#tasks > 1) this.#refuseNewestOfLongest(turn, 'wait');
      await promise;
    } finally {
      clearTimeout(late);
      hangUp?.removeEventListener('abort', onHangUp);
    }
  }

  /** How many units can begin within the longest wait, at the pace of the last tasks. */
  get #unitsInTime(): number {
    const { concurrency, waitMsMax } = this.#options;
    return this.#unitMs === null ? Number.POSITIVE_INFINITY : (waitMsMax * concurrency) / this.#unitMs;
  }

  #measure(unitMs: number): void {
    this.#unitMs = this.#unitMs === null ? unitMs : this.#unitMs + (unitMs - this.#unitMs) * paceShare;
  }

  #add(turn: Turn, task: Task): void {
    const network = this.#networks.get(turn.network) ?? newNetwork(this.#level);
    this.#networks.set(turn.network, network);
    const account = network.accounts.get(turn.account) ?? { units: 0, served: network.level, tasks: [] };
    network.accounts.set(turn.account, account);
    account.tasks.push(task);
    this.#tasks += 1;
    this.#count(network, account, task.units);
  }

  /** Takes the task out; false where it has left already. */
  #remove(turn: Pick<Turn, 'network' | 'account'>, task: Task): boolean {
    const network = this.#networks.get(turn.network);
    const account = network?.accounts.get(turn.account);
    const at = account?.tasks.indexOf(task) ?? -1;
    if (network === undefined || account === undefined || at < 0) return false;
    account.tasks.splice(at, 1);
    this.#tasks -= 1;
    this.#count(network, account, -task.units);
    if (account.tasks.length === 0) network.accounts.delete(turn.account);
    if (network.accounts.size === 0) this.#networks.delete(turn.network);
    return true;
  }

  #count(network: Network, account: Account, units: number): void {
    account.units += units;
    network.units += units;
    this.#waiting += units;
  }

  /** Of the network, and in it of the account, that was served least. */
  #takeNext(): Task | null {
    const isLess = (one: Share, other: Share): boolean => one.served < other.served;
    const found = first(this.#networks, isLess);
    const [name, network] = found ?? [];
    const [user, account] = network === undefined ? [] : (first(network.accounts, isLess) ?? []);
    const task = account?.tasks[0];
    if (name === undefined || network === undefined || user === undefined || account === undefined)
      return null;
    if (task === undefined) return null;
    this.#level = network.served;
    network.level = account.served;
    network.served += task.units;
    account.served += task.units;
    this.#remove({ network: name, account: user }, task);
    return task;
  }

  /** Whether other networks wait, each with less work. */
  #isOverShare(name: string): boolean {
    const own = this.#networks.get(name)?.units ?? 0;
    for (const [other, { units }] of this.#networks) if (other !== name && units >= own) return false;
    return this.#networks.size > 1;
  }

  /** Of callers with as much waiting work, the one that came last is the longest. */
  #refuseNewestOfLongest(last: Turn, why: Unserved): void {
    const isMore = (one: Share, other: Share): boolean => one.units > other.units;
    const [name, network] = first(this.#networks, isMore, last.network) ?? [];
    const [user, account] =
      first(network?.accounts ?? new Map<string, Account>(), isMore, last.account) ?? [];
    const task = account?.tasks.at(-1);
    if (name === undefined || user === undefined || task === undefined) throw new Error('the queue is empty');
    const isOverShare = this.#isOverShare(name);
    this.#remove({ network: name, account: user }, task);
    task.refuse(why, isOverShare);
  }
}

function newNetwork(level: number): Network {
  return { units: 0, served: level, accounts: new Map(), level: 0 };
}

/** The first entry that no other comes before; `preferred` wins among equals. */
function first<Value>(
  entries: ReadonlyMap<string, Value>,
  isBefore: (one: Value, other: Value) => boolean,
  preferred?: string,
): readonly [string, Value] | undefined {
  const start = preferred === undefined ? undefined : entries.get(preferred);
  let best: readonly [string, Value] | undefined =
    preferred === undefined || start === undefined ? undefined : [preferred, start];
  for (const entry of entries) if (best === undefined || isBefore(entry[1], best[1])) best = entry;
  return best;
}
