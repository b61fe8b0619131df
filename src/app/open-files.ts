/**
 * The limit of open files of this process (`ulimit -n`), as it bounds connections: each needs one. At the limit the system refuses
 * new connections and new files alike, and what fails then is not only a request: so connections take three quarters of it, and
 * leave at least what the program itself has open.
 */
import { readFileSync } from 'node:fs';

const limitsFile = '/proc/self/limits';

/** The limit; null where the system does not say it, or sets none. */
export function readOpenFilesMax(): number | null {
  try {
    // Node has raised the soft limit to the hard one.
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync(limitsFile, 'latin1')) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}

/** Files of the program: its database, threads and connections to other services. */
const ownFiles = 80;
/** Below this a server is of no use. */
const socketsMin = 16;

/** How many connections a process can have of those that the settings allow. */
export function socketsWithin(socketsMax: number, openFilesMax: number | null): number {
  if (openFilesMax === null) return socketsMax;
  const left = Math.min(Math.floor(openFilesMax * 0.75), openFilesMax - ownFiles);
  return Math.min(socketsMax, Math.max(socketsMin, left));
}
