/**
 * Programs that tests need and that npm does not install: the program of the machine, or, with `CI=true`, of the Debian
 * package. In CI a missing program fails the tests; elsewhere the tests that need it are skipped with a reason.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WantedProgram {
  /** Debian's package. */
  readonly name: string;
  /** Possible paths, the preferred ones first; one of them is the path in the package. */
  readonly places: readonly string[];
}

/** The program's path; null if this machine does not have it. */
export function findProgram({ places }: WantedProgram): string | null {
  return places.find(isExecutable) ?? null;
}

/** The value for the option `skip` of a test: the reason why it cannot run here. */
export function reasonToSkip(program: WantedProgram): string | false {
  if (process.env['CI'] === 'true' || findProgram(program) !== null) return false;
  return `no ${program.name} on this machine`;
}

/** The program's path; installs the Debian package if the program is missing. Test files run concurrently: one installs, the others wait. */
export function ensureProgram(program: WantedProgram): string {
  return findProgram(program) ?? install(program);
}

function install(program: WantedProgram): string {
  const { name, places } = program;
  const steps = [
    ...places.map((place) => `test -x '${place}' && exit 0`),
    'apt-get update',
    `DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ${name}`,
  ];
  // A lock for all test files, because apt-get allows one process at a time.
  const lock = join(tmpdir(), 'roster-packages.lock');
  execFileSync('flock', [lock, 'sh', '-ec', steps.join('\n')], { stdio: 'pipe', timeout: 600_000 });
  const path = findProgram(program);
  if (path === null) throw new Error(`the package ${name} was installed, and did not bring the program`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
