/**
 * The metrics of several workers as one text: each is asked what it has measured, one of them also what the directory
 * has still to do. Nothing is measured or stored here, and no database is asked. A worker that does not answer in time
 * is shown by what it had counted before.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProcessSums, type Shown, type Snapshot, showMetrics } from '../../app/metrics.ts';
import type { Config } from '../../config/config.ts';
import { isMetricsAnswer, type MetricsQuestion } from './worker-message.ts';

export interface CrewMetricsOptions {
  readonly at: NonNullable<Config['metrics']>;
  /** The workers that serve at the moment. */
  readonly serving: ReadonlySet<ChildProcess>;
  /** Writes a line of the log. */
  tell(level: 'info' | 'warn', event: string, fields: object): void;
}

/** How long a worker may take to answer. */
const answerMs = 2_000;

/**
 * Shows the metrics of the workers from now on.
 *
 * @throws {ConfigError} where nobody can listen there.
 */
export function showCrewMetrics({ at, serving, tell }: CrewMetricsOptions): Promise<Shown> {
  const sums = createProcessSums<ChildProcess>();
  const watched = new WeakSet<ChildProcess>();
  let asked = 0;

  async function read(): Promise<string> {
    asked += 1;
    const answers = await Promise.all(
      [...serving].map(async (worker, index) => {
        if (!watched.has(worker)) worker.once('exit', () => sums.end(worker));
        watched.add(worker);
        return [worker, await ask(worker, { metrics: asked, isWhole: index === 0 })] as const;
      }),
    );
    const present = new Map<ChildProcess, Snapshot>();
    for (const [worker, snapshot] of answers) {
      // What a worker said last, and has ended since, is in the sums of those who have ended.
      if (snapshot !== null && isThere(worker)) present.set(worker, snapshot);
    }
    return sums.render(present);
  }

  return showMetrics(at, {
    read,
    onServed: (address) => tell('info', 'metrics are served', { address }),
    onFault: () => tell('warn', 'reading the metrics failed', {}),
  });
}

/** What the worker has measured; null where it does not say. */
async function ask(worker: ChildProcess, question: MetricsQuestion): Promise<Snapshot | null> {
  const { promise, resolve } = Promise.withResolvers<Snapshot | null>();
  const listen = (message: unknown): void => {
    if (isMetricsAnswer(message) && message.metrics === question.metrics) resolve(message.snapshot);
  };
  worker.on('message', listen);
  worker.send(question, (error) => {
    if (error !== null) resolve(null);
  });
  const snapshot = await Promise.race([promise, sleep(answerMs, null, { ref: false })]);
  worker.off('message', listen);
  return snapshot;
}

function isThere({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
