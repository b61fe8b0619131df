/**
 * The Prometheus metrics of one process. The parts of the process report each request, hash, commit and job; other
 * values are read when the metrics are read.
 *
 * No label holds an id, a path of a request, an address or a name of a person: labels are contracts, patterns of routes,
 * classes of statuses, channels, providers, and our own words, so the number of series is bounded.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { NetworkWidth } from '../../core/access/network.ts';
import type { StoreMeasurements } from '../../core/deployment/maintenance.ts';
import { type Weakness, weaknesses } from '../../core/deployment/weakness.ts';
import type { MessageOutcome } from '../../core/messaging/budget-store.ts';
import { createMessageMetrics } from './message-metrics.ts';
import { type AnsweredRequest, RequestTally } from './request-tally.ts';
import type { Snapshot } from './snapshot.ts';
import { createWorkMetrics, type WorkMetrics } from './work-metrics.ts';

/** What is read at the moment of asking. */
export interface ProcessMeasurements extends StoreMeasurements {
  /** Passwords that wait to be hashed. */
  readonly hashesWaiting: number;
  /** Requests that wait for their turn, by kind of work. */
  readonly requestsWaiting: Readonly<Record<string, number>>;
  /** How many connections of callers are in each state. */
  readonly sockets: { readonly idle: number; readonly halfSent: number; readonly working: number };
  /** Why some requests are refused. */
  readonly weaknesses: readonly Weakness[];
}

/** All durations are in milliseconds. */
export interface ProcessMetrics extends WorkMetrics {
  answered(request: AnsweredRequest): void;
  hashed(ms: number): void;
  hashUnserved(why: 'share' | 'wait' | 'hang_up'): void;
  written(changes: number, ms: number): void;
  checkpointed(ms: number): void;
  /** Messages that a committed transaction queued or dropped. */
  counted(outcomes: readonly MessageOutcome[]): void;
  /** A limit by network refused a call; the width of the network whose limit it was. */
  throttled(width: NetworkWidth): void;
  /** A connection of a caller was closed; why, in one word. */
  socketClosed(reason: string): void;
  /** An entry of a job in its journal. */
  noted(event: string, fields: Readonly<Record<string, string | number>>): void;
  /** A job met a fault of ours. */
  faulted(): void;
  snapshot(measurements: ProcessMeasurements): Promise<Snapshot>;
  close(): void;
}

const hashSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const commitSeconds = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];
const checkpointSeconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10];
const delaySeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const changesPerCommit = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** How often the delay of the event loop is measured. */
const delayCheckMs = 100;

/** Creates the metrics of this process, all at 0. */
export function createProcessMetrics(): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new RequestTally();
  const { setWaiting, ...work } = createWorkMetrics(registers);
  const hashes = new Histogram({
    name: 'roster_password_hash_duration_seconds',
    help: 'Time that hashing or verifying one password took, without the wait before it.',
    buckets: hashSeconds,
    registers,
  });
  const hashesWaiting = new Gauge({
    name: 'roster_password_hashes_waiting',
    help: 'Passwords that wait to be hashed or verified; a costly imported hash counts as several.',
    registers,
  });
  const hashesRefused = new Counter({
    name: 'roster_password_hashes_refused_total',
    help: 'Passwords that were refused with 429 or 503 because too many waited.',
    registers,
  });
  const hashesUnserved = new Counter({
    name: 'roster_password_hashes_unserved_total',
    help: 'Passwords that waited and were not hashed: their caller had the most waiting, they waited too long, or it hung up.',
    labelNames: ['why'],
    registers,
  });
  const commits = new Histogram({
    name: 'roster_commit_duration_seconds',
    help: 'Time that the commit of a transaction took.',
    buckets: commitSeconds,
    registers,
  });
  const commitChanges = new Histogram({
    name: 'roster_commit_changes',
    help: 'Changes that shared a transaction.',
    buckets: changesPerCommit,
    registers,
  });
  const changesWaiting = new Gauge({
    name: 'roster_changes_waiting',
    help: 'Changes that wait for their transaction.',
    registers,
  });
  const fileBytes = new Gauge({
    name: 'roster_database_file_bytes',
    help: 'Size of the SQLite file and of its log.',
    labelNames: ['file'],
    aggregator: 'max',
    registers,
  });
  const checkpoints = new Histogram({
    name: 'roster_checkpoint_duration_seconds',
    help: 'Time that copying the log of SQLite into its file took, beside the thread that serves.',
    buckets: checkpointSeconds,
    registers,
  });
  const connections = new Gauge({
    name: 'roster_database_connections',
    help: 'Connections to PostgreSQL, by what they are for.',
    labelNames: ['use', 'state'],
    registers,
  });
  const connectionsWaiting = new Gauge({
    name: 'roster_database_connections_waiting',
    help: 'Who waits for a connection to PostgreSQL.',
    labelNames: ['use'],
    registers,
  });
  const lateReads = new Counter({
    name: 'roster_late_reads_total',
    help: 'Reads that a standby may answer, by the server that answered.',
    labelNames: ['server'],
    registers,
  });
  const messages = createMessageMetrics(registers);
  const revocations = new Counter({
    name: 'roster_revocation_attempts_total',
    help: 'Attempts to end a grant at its provider, by what came of them.',
    labelNames: ['provider', 'result'],
    registers,
  });
  const refreshes = new Counter({
    name: 'roster_refresh_failures_total',
    help: 'Refreshes of tokens that a provider did not grant.',
    labelNames: ['provider'],
    registers,
  });
  const throttled = new Counter({
    name: 'roster_network_throttled_total',
    help: 'Calls that a limit by network refused with 429, by the width of the network whose limit was reached.',
    labelNames: ['width'],
    registers,
  });
  const sockets = new Gauge({
    name: 'roster_sockets',
    help: 'Connections of callers, by what they do: idle, half_sent, working.',
    labelNames: ['state'],
    registers,
  });
  const socketsClosed = new Counter({
    name: 'roster_sockets_closed_total',
    help: 'Connections that were closed because a request arrived too slowly, too many were half sent, or a place was needed.',
    labelNames: ['reason'],
    registers,
  });
  const degraded = new Gauge({
    name: 'roster_degraded',
    help: `Processes that refuse some requests, by the reason: ${weaknesses.join(', ')}.`,
    labelNames: ['reason'],
    registers,
  });
  const faults = new Counter({
    name: 'roster_job_faults_total',
    help: 'Faults of ours that jobs met; the log has a line for each.',
    registers,
  });
  const delays = new Histogram({
    name: 'roster_event_loop_delay_seconds',
    help: 'How late the event loop was, measured ten times a second.',
    buckets: delaySeconds,
    registers,
  });
  const processes = new Gauge({
    name: 'roster_processes',
    help: 'Processes that serve.',
    registers,
  });
  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the processes that serve, user and system.',
    registers,
  });
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory that the processes that serve hold, mapped files included.',
    registers,
  });
  const heap = new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Memory that JavaScript objects take.',
    registers,
  });
  const startTime = new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the oldest process that serves was started, in seconds since 1970.',
    aggregator: 'min',
    registers,
  });
  startTime.set(performance.timeOrigin / 1000);
  processes.set(1);

  let checkedAt = performance.now();
  const delayCheck = setInterval(() => {
    const now = performance.now();
    delays.observe(Math.max(0, now - checkedAt - delayCheckMs) / 1000);
    checkedAt = now;
  }, delayCheckMs).unref();

  return {
    ...work,
    answered: (request) => requests.add(request),
    hashed: (ms) => hashes.observe(ms / 1000),
    hashUnserved(why) {
      hashesUnserved.inc({ why });
      if (why !== 'hang_up') hashesRefused.inc();
    },
    written(changes, ms) {
      commits.observe(ms / 1000);
      commitChanges.observe(changes);
    },
    socketClosed: (reason) => socketsClosed.inc({ reason }),
    throttled: (width) => throttled.inc({ width }),
    checkpointed: (ms) => checkpoints.observe(ms / 1000),
    counted: (outcomes) => messages.counted(outcomes),
    noted(event, fields) {
      const { provider = '', result = '' } = fields;
      if (event === 'message') messages.attempted(fields);
      if (event === 'revocation') revocations.inc({ provider, result });
      if (event === 'refresh') refreshes.inc({ provider });
    },
    faulted: () => faults.inc(),
    async snapshot(measurements) {
      setWaiting(measurements.requestsWaiting);
      hashesWaiting.set(measurements.hashesWaiting);
      changesWaiting.set(measurements.changesWaiting);
      sockets.set({ state: 'idle' }, measurements.sockets.idle);
      sockets.set({ state: 'half_sent' }, measurements.sockets.halfSent);
      sockets.set({ state: 'working' }, measurements.sockets.working);
      for (const reason of weaknesses) {
        degraded.set({ reason }, measurements.weaknesses.includes(reason) ? 1 : 0);
      }
      if (measurements.file !== null) {
        fileBytes.set({ file: 'database' }, measurements.file.bytes);
        fileBytes.set({ file: 'log' }, measurements.file.logBytes);
      }
      for (const { use, inUse, idle, waiting } of measurements.connections) {
        connections.set({ use, state: 'in_use' }, inUse);
        connections.set({ use, state: 'idle' }, idle);
        connectionsWaiting.set({ use }, waiting);
      }
      if (measurements.lateReads !== null) {
        lateReads.reset();
        lateReads.inc({ server: 'standby' }, measurements.lateReads.standby);
        lateReads.inc({ server: 'leader' }, measurements.lateReads.leader);
      }
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1_000_000);
      const { rss, heapUsed } = process.memoryUsage();
      memory.set(rss);
      heap.set(heapUsed);
      return [requests.snapshot(), ...(await registry.getMetricsAsJSON())];
    },
    close: () => clearInterval(delayCheck),
  };
}
