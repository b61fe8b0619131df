/**
 * Runs Roster on a real cluster of PostgreSQL servers under faults, for at most 15 minutes, and ends everything that it started.
 *
 *     npm run test:cluster
 *
 * It needs Linux, root and `debootstrap`; the first run makes the tree of programs, in some two minutes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostNumbers } from './cluster.ts';
import { makeNetwork, type Network, removeNetwork } from './hosts.ts';
import { ensureTree, missingProgram } from './tree.ts';

const limitMs = 15 * 60_000;

const missing = missingProgram();
if (missing !== null) {
  process.stdout.write(`The tests on a cluster were left out: ${missing}\n`);
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}

const begun = performance.now();
const tree = ensureTree();
const folder = mkdtempSync(join(tmpdir(), 'roster-cluster-'));
const label = `roster${process.pid}`;
let network: Pick<Network, 'label' | 'hosts'> = { label, hosts: [] };
process.exitCode = 1;
try {
  const made = await makeNetwork({ label, tree, folder }, hostNumbers);
  network = made;
  const cases = join(import.meta.dirname, 'cases.ts');
  const own = ['--test', '--test-concurrency=1', '--test-reporter=spec', ...process.argv.slice(2), cases];
  const tests = spawn('ip', ['netns', 'exec', `${label}-app`, process.execPath, ...own], {
    env: { ...process.env, ROSTER_CLUSTER: JSON.stringify(made) },
    stdio: 'inherit',
    // A group of its own, so that nothing which a test has started outlives the run.
    detached: true,
  });
  const end = (): void => {
    try {
      if (tests.pid !== undefined) process.kill(-tests.pid, 'SIGKILL');
    } catch {
      // All have ended.
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  const timer = setTimeout(end, limitMs - (performance.now() - begun));
  const [code] = await once(tests, 'exit');
  clearTimeout(timer);
  end();
  process.exitCode = code ?? 1;
} finally {
  await removeNetwork(network);
  if (process.env['ROSTER_CLUSTER_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  else process.stdout.write(`The outputs of the programs are in ${folder}\n`);
}
process.exit();
