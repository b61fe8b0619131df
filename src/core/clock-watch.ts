/**
 * Whether the clock of the machine can be believed. A clock that was set moves against the clock that counts the time of the
 * process; after that, and after the start of the process, it must stay as it is for a while. Until then nothing is deleted,
 * ended or erased because its time is over: the clock may be wrong, and set again in a moment.
 */
import { type Clock, minuteMs, secondMs } from './time.ts';

/** How long the clock must have stayed as it is. */
export const steadyAfterMs = 5 * minuteMs;

/** A smaller difference is no jump: the time service of a machine slows or hastens its clock by less. */
const jumpMs = 10 * secondMs;

/** Sees a jump when it is asked. A jump there and back between two questions has done no harm. */
export class ClockWatch {
  readonly #clock: Clock;
  /** How far the two clocks are apart. */
  #apartMs: number;
  #steadySince: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#steadySince = clock.elapsed();
    this.#apartMs = clock.now() - this.#steadySince;
  }

  isSteady(): boolean {
    const elapsed = this.#clock.elapsed();
    const apartMs = this.#clock.now() - elapsed;
    if (Math.abs(apartMs - this.#apartMs) > jumpMs) this.#steadySince = elapsed;
    this.#apartMs = apartMs;
    return elapsed - this.#steadySince >= steadyAfterMs;
  }
}
