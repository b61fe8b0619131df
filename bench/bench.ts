/** The inputs of every measurement. */
import type { Databases } from './databases.ts';
import type { Fixture } from './fixture.ts';
import type { Generator } from './processes.ts';

export interface Bench {
  readonly fixture: Fixture;
  /** For work that makes a directory of its own. */
  readonly databases: Databases;
  readonly rounds: number;
  /** Duration of a burst of requests. */
  readonly seconds: number;
  readonly generator: Generator;
}
