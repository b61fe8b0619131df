/**
 * Lanes: a queue of work for each service, so that a slow service delays only its own work. Each lane runs a bounded
 * number of tasks at the same time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '../core/core.ts';
import type { Provider } from '../core/providers/provider.ts';
import { secondMs } from '../core/time.ts';
import type { SystemTx } from '../core/unit-of-work.ts';

export interface Lane<T> {
  readonly name: string;
  /** Claims at most `limit` due items. */
  claim(limit: number): Promise<readonly T[]>;
  /** Works on one item. Never rejects. */
  work(item: T): Promise<void>;
}

/**
 * A lane for each provider that is switched on. `claim` runs in a transaction and claims at most `limit` due items of
 * the provider.
 */
export function lanesByProvider<T>(
  { work, providers }: Core,
  parts: {
    claim(tx: SystemTx, provider: string, limit: number): Promise<readonly T[]>;
    work(item: T, provider: Provider): Promise<void>;
  },
): Lane<T>[] {
  return providers.list().map((provider) => ({
    name: provider.name,
    claim: (limit) => work.changeSystem('job', (tx) => parts.claim(tx, provider.name, limit)),
    work: (item) => parts.work(item, provider),
  }));
}

/** Tasks that run in one lane at a time, by default. */
const defaultLaneMax = 8;
/** How long to wait for a task of a full lane before the lanes are filled again. */
const fullWaitMs = secondMs;

export interface Lanes {
  /** Starts due items in every lane that is not full; true where more may be due. */
  fill<T>(lanes: readonly Lane<T>[]): Promise<boolean>;
  /** Resolves when all started tasks have ended. */
  settled(): Promise<void>;
}

export function createLanes(laneMax = defaultLaneMax): Lanes {
  const running = new Map<string, Set<Promise<void>>>();
  const all = () => [...running.values()].flatMap((tasks) => [...tasks]);

  async function fillLane<T>(lane: Lane<T>): Promise<boolean> {
    const tasks = running.get(lane.name) ?? new Set();
    running.set(lane.name, tasks);
    const limit = laneMax - tasks.size;
    if (limit === 0) return true;
    const items = await lane.claim(limit);
    for (const item of items) {
      const task = lane.work(item).finally(() => tasks.delete(task));
      tasks.add(task);
    }
    return items.length === limit;
  }

  return {
    async fill(lanes) {
      let isFull = false;
      for (const lane of lanes) if (await fillLane(lane)) isFull = true;
      if (!isFull) return false;
      const stop = new AbortController();
      await Promise.race([
        ...all(),
        sleep(fullWaitMs, undefined, { signal: stop.signal, ref: false }).catch(() => {}),
      ]);
      stop.abort();
      return true;
    },
    async settled() {
      await Promise.all(all());
    },
  };
}
