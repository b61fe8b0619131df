/**
 * The limit of open files of this process (`ulimit -n`), as it bounds connections: each needs one. At the limit the system refuses
 * new connections and new files alike, so connections take three quarters of it, and the rest is for the database and its files.
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

/** How many connections a process can have of those that the settings allow. */
export function socketsWithin(socketsMax: number, openFilesMax: number | null): number {
  return openFilesMax === null ? socketsMax : Math.min(socketsMax, Math.floor(openFilesMax * 0.75));
}
