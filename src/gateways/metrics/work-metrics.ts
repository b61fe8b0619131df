/** The metrics of the queues in which requests wait for their turn, by kind of work. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** All durations are in milliseconds. */
export interface WorkMetrics {
  /** A request has waited for its turn, and begins. */
  waited(work: string, ms: number): void;
  /** A request was over the share of its caller. */
  exceeded(work: string): void;
  /** A request was refused. */
  shed(work: string, reason: string): void;
}

const waitSeconds = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export function createWorkMetrics(registers: Registry[]): WorkMetrics & {
  /** Sets how many requests wait, by kind of work. */
  setWaiting(waiting: Readonly<Record<string, number>>): void;
} {
  const labelNames = ['work'];
  const gauge = new Gauge({
    ...{ name: 'roster_requests_waiting', labelNames, registers },
    help: 'Requests that wait for their turn.',
  });
  const waits = new Histogram({
    ...{ name: 'roster_request_wait_seconds', labelNames, registers },
    help: 'How long requests that could not begin at once have waited for their turn.',
    buckets: waitSeconds,
  });
  const exceeded = new Counter({
    ...{ name: 'roster_shares_exceeded_total', labelNames, registers },
    help: 'Requests that were over the share of their caller, and waited behind others or were refused.',
  });
  const shed = new Counter({
    ...{ name: 'roster_requests_shed_total', labelNames: ['work', 'reason'], registers },
    help: 'Requests that were refused because a caller was over its share (429), or because all were too many (503).',
  });
  return {
    waited: (work, ms) => waits.observe({ work }, ms / 1000),
    exceeded: (work) => exceeded.inc({ work }),
    shed: (work, reason) => shed.inc({ work, reason }),
    setWaiting(waiting) {
      for (const [work, count] of Object.entries(waiting)) gauge.set({ work }, count);
    },
  };
}
