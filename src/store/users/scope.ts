/** What the stores of one unit of work share. */
import type { MessageOutcome } from '../../core/messaging/budget-store.ts';
import type { Topic } from '../../core/topic.ts';
import type { CountLedger } from '../counts/user-counts.ts';
import type { Executor } from '../sql/executor.ts';
import type { AppKeys } from './app-keys.ts';

/** What a store works with: where it runs statements, and what the unit of work must know of its changes. */
export interface Scope {
  readonly executor: Executor;
  readonly appKeys: AppKeys;
  /** The number that claims of this process have; absent where no lock tells whether a process is alive. */
  readonly claimant?: () => number;
  /** Notes that the unit writes rows for a job. After the commit the job is notified. */
  notifyAfterCommit(topic: Topic): void;
  /** Reports what became of a message, after the commit. */
  reportAfterCommit(outcome: MessageOutcome): void;
  /** The changes of the counts by block. They are written before the transaction commits. */
  readonly counts: CountLedger;
}
