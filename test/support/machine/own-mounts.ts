/**
 * Import this first in a test file that mounts disks: it runs the file in a process that sees mounts of its own. They end
 * with that process, however it ends, and no other process sees them.
 *
 *     import '../support/machine/own-mounts.ts';
 */
import { spawnSync } from 'node:child_process';
import { stopWatching } from '../watchdog.ts';

const variable = 'ROSTER_TEST_MOUNTS';
const isRoot = process.getuid?.() === 0;
const unshare = [...(isRoot ? [] : ['--user', '--map-root-user']), '--mount'];

/** The value for the option `skip` of a test: the reason why no disk can be mounted here. In CI it must be possible. */
export const reasonToSkip: string | false =
  process.env[variable] === 'own' ? false : 'this machine lets the test mount no disk';

if (process.env[variable] === undefined && canMount()) {
  // The tests run in the other process, which has a watchdog too; this one only waits.
  stopWatching();
  const [, file = '', ...words] = process.argv;
  const { status } = spawnSync(
    'unshare',
    [...unshare, process.execPath, ...process.execArgv, file, ...words],
    {
      stdio: 'inherit',
      env: { ...process.env, [variable]: 'own' },
    },
  );
  process.exit(status ?? 1);
}

function canMount(): boolean {
  if (process.env['CI'] === 'true') return true;
  const { status } = spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return status === 0;
}
