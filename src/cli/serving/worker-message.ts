/** The messages between the supervisor and its workers. */
import type { Snapshot } from '../../app/metrics.ts';
import type { Environment } from '../../config/environment.ts';
import type { Outcome } from '../command.ts';

/** What a worker gets at its start. */
export interface Assignment {
  /** Whether it starts before all others. The first worker writes the introduction that the program prints. */
  readonly isFirst: boolean;
  /** Whether it may begin an empty directory where the data folder has records of another one. */
  readonly beginsAnew: boolean;
  /** The start of the program in epoch milliseconds. */
  readonly startedAt: number;
  /** The open file that is the worker's socket. */
  readonly file: number;
}

/** A worker sends this once it serves. */
export interface ServingMessage {
  readonly url: string;
  /** From the first worker: what the program prints. Null from the others. */
  readonly introduction: Pick<Outcome, 'json' | 'text'> | null;
}

/** A worker that got a signal asks for another one in its place, and serves on until the supervisor stops it. */
export interface LeaveMessage {
  readonly leaves: string;
}

/** The supervisor stops a worker, for that reason. */
export interface StopMessage {
  readonly stop: string;
}

/** The supervisor asks a worker for its metrics whenever they are read. */
export interface MetricsRequest {
  /** The number of the request, which the reply repeats. */
  readonly metrics: number;
  /** Whether the reply includes the backlog of the directory, which one worker reports for all. */
  readonly isWhole: boolean;
}

/** A worker's reply to the request of that number. */
export interface MetricsReply {
  readonly metrics: number;
  readonly snapshot: Snapshot;
}

/** An environment variable that is not a setting: the supervisor sets it for each worker. */
const assignmentName = 'SUPERVISED_WORKER';

export function assigned(env: Environment, assignment: Assignment): Environment {
  return { ...env, [assignmentName]: JSON.stringify(assignment) };
}

/** The assignment of this process; null if it is not a worker. */
export function findAssignment(env: Environment): Assignment | null {
  const text = env[assignmentName];
  return text === undefined || process.send === undefined ? null : JSON.parse(text);
}

export function isServingMessage(message: unknown): message is ServingMessage {
  return typeof message === 'object' && message !== null && 'url' in message && 'introduction' in message;
}

export function isLeaveMessage(message: unknown): message is LeaveMessage {
  return typeof message === 'object' && message !== null && 'leaves' in message;
}

export function isStopMessage(message: unknown): message is StopMessage {
  return typeof message === 'object' && message !== null && 'stop' in message;
}

export function isMetricsRequest(message: unknown): message is MetricsRequest {
  return typeof message === 'object' && message !== null && 'metrics' in message && 'isWhole' in message;
}

export function isMetricsReply(message: unknown): message is MetricsReply {
  return typeof message === 'object' && message !== null && 'metrics' in message && 'snapshot' in message;
}
