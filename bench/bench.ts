/** The inputs of every measurement. */
import type { Fixture } from './fixture.ts';
import type { Generator } from './processes.ts';

export interface Bench {
  readonly fixture: Fixture;
  readonly rounds: number;
  /** Duration of a burst of requests. */
  readonly seconds: number;
  readonly generator: Generator;
}
