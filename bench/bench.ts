/** What every work is measured with. */
import type { Fixture } from './fixture.ts';
import type { Generator } from './processes.ts';

export interface Bench {
  readonly fixture: Fixture;
  readonly rounds: number;
  /** How long a burst of requests is. */
  readonly seconds: number;
  readonly generator: Generator;
}
