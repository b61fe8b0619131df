/** What passes between the supervisor and its workers. */
import type { Snapshot } from '../../app/metrics.ts';
import type { Environment } from '../../config/config.ts';
import type { Outcome } from '../command.ts';

/** What a worker is told at its start. */
export interface Assignment {
  /** Whether it starts before all others, and is to introduce the program. */
  readonly isFirst: boolean;
  /** When the program was started, in epoch milliseconds. */
  readonly startedAt: number;
}

/** What a worker tells once it serves. */
export interface ServingMessage {
  readonly url: string;
  /** What the first one has to say of the program. */
  readonly said: Pick<Outcome, 'json' | 'text'> | null;
}

/** What the supervisor asks a worker for when somebody reads the metrics. */
export interface MetricsQuestion {
  readonly metrics: number;
  /** Whether what the directory has still to do is wanted too, which one worker tells for all. */
  readonly isWhole: boolean;
}

/** The worker's answer to the question of that number. */
export interface MetricsAnswer {
  readonly metrics: number;
  readonly snapshot: Snapshot;
}

/** A variable of the environment that is no setting: it is made for each worker. */
const assignmentName = 'SUPERVISED_WORKER';

export function assigned(env: Environment, assignment: Assignment): Environment {
  return { ...env, [assignmentName]: JSON.stringify(assignment) };
}

/** The assignment of this process; null where it is no worker. */
export function findAssignment(env: Environment): Assignment | null {
  const text = env[assignmentName];
  return text === undefined || process.send === undefined ? null : JSON.parse(text);
}

export function isServingMessage(message: unknown): message is ServingMessage {
  return typeof message === 'object' && message !== null && 'url' in message && 'said' in message;
}

export function isMetricsQuestion(message: unknown): message is MetricsQuestion {
  return typeof message === 'object' && message !== null && 'metrics' in message && 'isWhole' in message;
}

export function isMetricsAnswer(message: unknown): message is MetricsAnswer {
  return typeof message === 'object' && message !== null && 'metrics' in message && 'snapshot' in message;
}
