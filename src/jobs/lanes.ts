/**
 * Work for many services at once, a lane for each: one that hangs or is slow fills its own lane and holds up nobody
 * else's work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { secondMs } from '../core/time.ts';

export interface Lane<T> {
  readonly name: string;
  /** Takes at most `room` pieces of work that are due. */
  claim(room: number): Promise<readonly T[]>;
  /** Does one. Never rejects. */
  work(item: T): Promise<void>;
}

/** Pieces of work that one lane holds at a time. */
const laneMax = 8;
/** How long full lanes are waited for before the others are looked at again. */
const lookMs = secondMs;

export interface Lanes {
  /** Starts what there is room for in each lane; true where there may be more. */
  fill<T>(lanes: readonly Lane<T>[]): Promise<boolean>;
  /** Resolves when everything that was started has ended. */
  settled(): Promise<void>;
}

export function createLanes(): Lanes {
  const underWay = new Map<string, Set<Promise<void>>>();
  const all = () => [...underWay.values()].flatMap((tasks) => [...tasks]);

  async function fillLane<T>(lane: Lane<T>): Promise<boolean> {
    const tasks = underWay.get(lane.name) ?? new Set();
    underWay.set(lane.name, tasks);
    const room = laneMax - tasks.size;
    if (room === 0) return true;
    const items = await lane.claim(room);
    for (const item of items) {
      const task = lane.work(item).finally(() => tasks.delete(task));
      tasks.add(task);
    }
    return items.length === room;
  }

  return {
    async fill(lanes) {
      let isFull = false;
      for (const lane of lanes) if (await fillLane(lane)) isFull = true;
      if (!isFull) return false;
      const stop = new AbortController();
      await Promise.race([
        ...all(),
        sleep(lookMs, undefined, { signal: stop.signal, ref: false }).catch(() => {}),
      ]);
      stop.abort();
      return true;
    },
    async settled() {
      await Promise.all(all());
    },
  };
}
