/**
 * Programs that tests need and npm does not bring: the machine's own, or, with `CI=true`, Debian's package. In CI a
 * program that cannot be had fails the tests; elsewhere those who need it are skipped, and say why.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WantedProgram {
  /** Debian's package. */
  readonly name: string;
  /** Where it may be, the best first; one of them is where the package puts it. */
  readonly places: readonly string[];
}

/** The program's path; null where it is not on this machine. */
export function findProgram({ places }: WantedProgram): string | null {
  return places.find(isExecutable) ?? null;
}

/** For the option `skip` of a test: why it cannot run here. */
export function reasonToSkip(program: WantedProgram): string | false {
  if (process.env['CI'] === 'true' || findProgram(program) !== null) return false;
  return `no ${program.name} on this machine`;
}

/** The program's path, from Debian's package where there is none. Test files run at the same time: one installs, the others wait. */
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
  // One lock for all: apt-get itself works for one at a time.
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
