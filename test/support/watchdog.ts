/**
 * Names a test that hangs, and ends its process. `npm test` loads it into the process of each test file. The runner itself
 * ends a test that waits for too long (`--test-timeout`), but not one that blocks the event loop, and not a process that
 * stays after its last test because something in it is still open: both would hold up the run until it is ended as a whole.
 */
import { subscribe } from 'node:diagnostics_channel';
import { relative } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import { limitSeconds, nameBytesMax, type WatchedProcess } from './watched-process.ts';

/** A part of the event that the runner publishes of each test and suite. */
interface RunningTest {
  readonly name: string;
  readonly type: string;
}

/** For so long nothing may happen between two tests, where hooks run. A hook alone has the time of a test. */
const quietSecondsMax = limitSeconds(60);
/** For so long a process may stay after its last test. */
const overSecondsMax = limitSeconds(10);
/** The runner's name for all tests of a file. */
const root = '<root>';

let thread: Worker | undefined;

/** For a process that waits for another one, which runs the tests. */
export function stopWatching(): void {
  void thread?.terminate();
}

// The runner has a process of its own, and a thread of a test none of its tests.
if (isMainThread && process.env['NODE_TEST_CONTEXT'] !== undefined) watch();

function watch(): void {
  const file = relative(process.cwd(), process.argv[1] ?? '');
  const watched: WatchedProcess = {
    beats: new Int32Array(new SharedArrayBuffer(4)),
    name: new Uint8Array(new SharedArrayBuffer(nameBytesMax)),
    file,
  };
  const running = new Set<RunningTest>();
  let last: RunningTest | null = null;
  let isOver = false;
  let quietSeconds = 0;

  const show = (): void => {
    const name =
      [...running].at(-1)?.name ?? (last === null ? 'before its first test' : `after "${last.name}"`);
    watched.name.fill(0);
    new TextEncoder().encodeInto(name, watched.name);
  };
  subscribe('tracing:node.test:start', (message) => {
    const { type, name } = message as RunningTest;
    quietSeconds = 0;
    if (type !== 'test' || name === root) return;
    running.add(message as RunningTest);
    show();
  });
  const end = (message: unknown): void => {
    quietSeconds = 0;
    isOver ||= (message as RunningTest).name === root;
    if (!running.delete(message as RunningTest)) return;
    last = message as RunningTest;
    show();
  };
  subscribe('tracing:node.test:end', end);
  show();

  thread = new Worker(new URL('./watchdog-thread.ts', import.meta.url), {
    workerData: watched,
    execArgv: [],
  });
  thread.unref();
  setInterval(() => {
    Atomics.add(watched.beats, 0, 1);
    if (running.size > 0) return;
    quietSeconds += 1;
    if (quietSeconds < (isOver ? overSecondsMax : quietSecondsMax)) return;
    const left = process.getActiveResourcesInfo().join(', ');
    const when = last === null ? 'before its first test' : `after the test "${last.name}"`;
    process.stderr.write(
      `${file} hangs ${when}: no test has run for ${quietSeconds} seconds; open are ${left}\n`,
      () => process.exit(1),
    );
  }, 1_000).unref();
}
