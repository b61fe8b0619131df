/** The size up to which the system lets the files of a process grow: a write beyond it fails with `EFBIG`. */
import { execFileSync } from 'node:child_process';

/** Sets the limit of a process; null for none. */
export function limitFiles(bytes: number | null, pid = process.pid): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes ?? 'unlimited'}:`]);
}
