/**
 * One burst of load, in a separate process: reads a job as JSON from standard input, and prints the result as JSON.
 *
 * It sends HTTP/1.1 over sockets that stay open, one request at a time on each, and reads only the status and the length
 * of an answer. A generator that needs more CPU time than the server would measure itself, and all servers would look
 * equally fast. The result includes the share of a core that the generator used.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export interface LoadJob {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly targets: Targets;
  /** `#` in a value is replaced by the number of the request, as in the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The numbers of requests start again after so many; never by default. */
  readonly cycle?: number;
  readonly connections: number;
  readonly seconds: number;
  /** So many requests a second, evenly spread, however long the answers take; by default the next follows each answer. */
  readonly perSecond?: number;
  /** Whether the latencies are those of admitted requests alone, from sending to answer: of a server that sheds. */
  readonly isOverload?: boolean;
  /** Before the measurement, this opens the connections, and lets both sides compile their code. */
  readonly warmUpMs?: number;
}

/** Paths in turn; or a prefix with the ids of users from a file of 16 bytes each. */
export type Targets =
  | { readonly paths: readonly string[] }
  | { readonly prefix: string; readonly ids: string; readonly order: 'draw' | { readonly eachFrom: number } };

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly answered: number;
  /** Requests that were sent, also those without an answer in time. */
  readonly sent: number;
  /** The same in the time of the measurement alone. */
  readonly measured: { readonly sent: number; readonly failed: number };
  /** Answers with a status of 300 or above, and broken connections. */
  readonly failed: number;
  /** The share of one core that the generator used. */
  readonly generatorShare: number;
}

const job: LoadJob = JSON.parse(await text(process.stdin));
const { hostname, port, host } = new URL(job.url);
const pathOf = 'paths' in job.targets ? pathsOf(job.targets) : idPathsOf(job.targets);
const headers = Object.entries(job.headers).map(([name, value]) => `${name}: ${value}\r\n`);
const hasNumbers = `${headers.join('')}${job.body ?? ''}`.includes('#');

let sent = 0;
let failed = 0;
let isOver = false;
const latencies: number[] = [];
/** The due times of requests that wait for a free connection. */
const waiting: number[] = [];
const idle: Connection[] = [];

class Connection {
  readonly #socket: Socket;
  #dueAt = 0;
  #hasFailed = false;
  /** Bytes of the answer that have not arrived yet; null before its head. */
  #left: number | null = null;
  #head: Buffer | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => {
      failed += 1;
    });
  }

  send(dueAt: number): void {
    this.#dueAt = job.isOverload === true ? performance.now() : dueAt;
    this.#socket.write(requestOf(sent++));
  }

  #take(bytes: Buffer): void {
    if (this.#left === null) {
      const head: Buffer = this.#head === null ? bytes : Buffer.concat([this.#head, bytes]);
      const end = head.indexOf('\r\n\r\n');
      this.#head = end === -1 ? head : null;
      if (end === -1) return;
      const text = head.toString('latin1', 0, end);
      this.#hasFailed = Number(text.slice(9, 12)) >= 300;
      this.#left = bodyBytesOf(text) + end + 4 - head.length;
    } else {
      this.#left -= bytes.length;
    }
    if (this.#left > 0) return;
    this.#left = null;
    this.#answered();
  }

  #answered(): void {
    const now = performance.now();
    if (isOver) return;
    if (job.isOverload !== true || !this.#hasFailed) latencies.push(now - this.#dueAt);
    const next = job.perSecond === undefined ? now : waiting.shift();
    if (next === undefined) idle.push(this);
    else this.send(next);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function bodyBytesOf(head: string): number {
  const status = Number(head.slice(9, 12));
  if (status >= 300) failed += 1;
  if (status === 204) return 0;
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`the answer has no length: ${head}`);
  return Number(length);
}

function requestOf(number: number): string {
  const own = String(job.cycle === undefined ? number : number % job.cycle);
  const fields = hasNumbers ? headers.join('').replaceAll('#', own) : headers.join('');
  const body = job.body?.replaceAll('#', job.cycle === undefined ? `${process.pid}-${own}` : own);
  const length = body === undefined ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
  return `${job.method} ${pathOf(number)} HTTP/1.1\r\nhost: ${host}\r\n${fields}${length}\r\n${body ?? ''}`;
}

function pathsOf({ paths }: { readonly paths: readonly string[] }): (number: number) => string {
  return (number) => paths[number % paths.length] ?? '/';
}

function idPathsOf({ prefix, ids, order }: Extract<Targets, { ids: string }>): (number: number) => string {
  const bytes = readFileSync(ids);
  const count = bytes.length / 16;
  return (number) => {
    const at = order === 'draw' ? Math.floor(Math.random() * count) : (order.eachFrom + number) % count;
    return `${prefix}${bytes.toString('hex', at * 16, at * 16 + 16)}`;
  };
}

const connections = await Promise.all(
  Array.from({ length: job.connections }, async () => {
    const socket = connect(Number(port), hostname);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Connection(socket);
  }),
);

/** Sends the requests that are due, and calls itself again for the next one. */
function sendDue(beganAt: number, perSecond: number): void {
  const dueAt = (number: number): number => beganAt + (number * 1_000) / perSecond;
  for (let number = sent + waiting.length; dueAt(number) <= performance.now(); number++) {
    const free = idle.pop();
    if (free === undefined) waiting.push(dueAt(number));
    else free.send(dueAt(number));
  }
  const next = dueAt(sent + waiting.length) - performance.now();
  if (!isOver) setTimeout(sendDue, Math.max(1, next), beganAt, perSecond);
}

if (job.perSecond === undefined) {
  for (const connection of connections) connection.send(performance.now());
} else {
  idle.push(...connections);
  sendDue(performance.now(), job.perSecond);
}
await new Promise((resolve) => setTimeout(resolve, job.warmUpMs ?? 300));
latencies.length = 0;
const before = { sent, failed };
const beganAt = performance.now();
const cpuBefore = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, job.seconds * 1_000));
isOver = true;
const elapsed = (performance.now() - beganAt) / 1_000;
const cpu = process.cpuUsage(cpuBefore);
for (const connection of connections) connection.close();

const sorted = Float64Array.from(latencies).sort();
// Without any answer, the latency is at least the duration of the burst.
const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? job.seconds * 1_000;
const outcome: LoadResult = {
  perSecond: latencies.length / elapsed,
  p50Ms: quantile(0.5),
  p99Ms: quantile(0.99),
  answered: latencies.length,
  sent,
  failed,
  measured: { sent: sent - before.sent, failed: failed - before.failed },
  generatorShare: (cpu.user + cpu.system) / 1e6 / elapsed,
};
process.stdout.write(JSON.stringify(outcome), () => process.exit(0));
