/** What passes between the supervisor and its workers. */
import type { Environment } from '../config.ts';
import type { Outcome } from './command.ts';

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
