/**
 * Notices that npm has ended if npm started this server. npm runs a script in a shell, and the shell does not pass on the
 * signal that ends it, so a `kill` of npm would leave the server behind. A server that was detached on purpose, with
 * `nohup`, `setsid` or `&`, stays: it is meant to outlive the process that started it.
 */
import { readFileSync } from 'node:fs';
import type { Environment } from '../../config/environment.ts';

/** Reading the number of the parent process costs less than a microsecond. */
const checkEveryMs = 250;

/** Resolves when npm has ended; never resolves if npm did not start this process. Does not keep the process alive. */
export function npmEnd(env: Environment): Promise<void> {
  if (!isStartedByNpm(env)) return new Promise(() => {});
  const parent = process.ppid;
  // npm is the parent of the shell that runs the script. If the shell was replaced by the script, npm is the parent.
  const grandparent = isScriptShell(parent) ? findParent(parent) : null;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const isUnchanged =
        process.ppid === parent && (grandparent === null || findParent(parent) === grandparent);
      if (isUnchanged) return;
      clearInterval(timer);
      resolve();
    }, checkEveryMs).unref();
  });
}

/** Whether npm runs this command in the foreground, as in `npm start` and `npx roster serve`. */
export function isStartedByNpm(env: Environment): boolean {
  // npm sets this to the script, and to the command that `npx` runs. Programs that a script starts inherit it.
  const script = env['npm_lifecycle_script'] ?? '';
  const isOurs = /(^|[\s'"/])roster['"]?(\s|$)/.test(script);
  const isDetached = /\b(nohup|setsid|disown)\b|(?<![&>])&(?![&>])/.test(script);
  return isOurs && !isDetached;
}

/** Whether the process is a shell that runs one script (`sh -c ...`). Null-safe where there is no `/proc`. */
function isScriptShell(pid: number): boolean {
  const [, option] = read(`/proc/${pid}/cmdline`).split('\0');
  return option === '-c';
}

/** The parent of that process; null if there is no such process, or no `/proc`. */
function findParent(pid: number): number | null {
  // After the name in parentheses, which may contain anything: the state, then the parent (proc(5)).
  const [, parent] = /^.*\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`)) ?? [];
  return parent === undefined ? null : Number(parent);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
