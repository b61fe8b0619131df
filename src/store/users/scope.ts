/** What the stores of one unit of work share. */
import type { Topic } from '../../core/topic.ts';
import type { CountLedger } from '../counts/user-counts.ts';
import type { Executor } from '../sql/executor.ts';
import type { AppKeys } from './app-keys.ts';

/** What a store works with: where to run statements, and what the unit of work has to know. */
export interface Scope {
  readonly executor: Executor;
  readonly appKeys: AppKeys;
  /** Notes rows that a job waits for; told once they are committed. */
  touch(topic: Topic): void;
  /** Counts by block, brought up to date before the transaction commits. */
  readonly counts: CountLedger;
}
