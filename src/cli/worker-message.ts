/** What passes between the supervisor and its workers. */
import type { Outcome } from './command.ts';

/** The variable in which a worker is told when the program was started, in epoch milliseconds. */
export const startedAtName = 'SUPERVISOR_STARTED_AT';

/** What a worker tells its supervisor once it serves; the first one with what is to be said about it. */
export interface ServingMessage {
  readonly serving: Pick<Outcome, 'json' | 'text'> | null;
}

export function isServingMessage(message: unknown): message is ServingMessage {
  return typeof message === 'object' && message !== null && 'serving' in message;
}
