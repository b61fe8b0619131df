/** The requests that a process refuses unread, because all of them are too many. They belong to no organization. */
import type { UnitOfWork } from '../unit-of-work.ts';
import { dayAt } from './day-totals.ts';

/** Counts requests that this process sheds, until the job writes them. */
export class ShedRequests {
  #days = new Map<number, number>();

  note(at: number): void {
    const day = dayAt(at);
    this.#days.set(day, (this.#days.get(day) ?? 0) + 1);
  }

  /** Adds the counts to the totals of the deployment. What cannot be written stays in memory for the next call. */
  async write(work: UnitOfWork): Promise<void> {
    if (this.#days.size === 0) return;
    const days = this.#days;
    this.#days = new Map();
    try {
      await work.changeSystem('job', async (tx) => {
        for (const [day, times] of days) await tx.dayTotals.add({ day, what: 'shed', times });
      });
    } catch (error) {
      for (const [day, times] of days) this.#days.set(day, (this.#days.get(day) ?? 0) + times);
      throw error;
    }
  }
}
