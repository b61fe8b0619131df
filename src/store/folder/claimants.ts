/**
 * Which processes of a data folder are alive, so that the rows that a killed process had claimed wait for no lease. A process
 * that claims rows has a number, and a lock on the file of that number. It is SQLite's own lock, so the system
 * releases it when the process ends, however that happens.
 */
import { readdirSync } from 'node:fs';
import { type FolderLock, holdNumber, numbersIn } from './folder-lock.ts';

/** The numbers of processes that have ended. They are held, so no process gets one of them, until `release`. */
export interface EndedClaimants {
  readonly numbers: readonly number[];
  release(): void;
}

export class Claimants {
  readonly #dataDir: string;
  #own: { readonly number: number; readonly lock: FolderLock } | null = null;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** The number of this process: the lowest that no other one has. It is taken at the first use. */
  get own(): number {
    for (let number = 1; this.#own === null; number += 1) {
      const lock = holdNumber(this.#dataDir, number);
      if (lock !== null) this.#own = { number, lock };
    }
    return this.#own.number;
  }

  holdEnded(): EndedClaimants {
    const held: { number: number; lock: FolderLock }[] = [];
    for (const number of numbersIn(readdirSync(this.#dataDir))) {
      const lock = number === this.#own?.number ? null : holdNumber(this.#dataDir, number);
      if (lock !== null) held.push({ number, lock });
    }
    return {
      numbers: held.map(({ number }) => number),
      release() {
        for (const { lock } of held) lock.release();
      },
    };
  }

  close(): void {
    this.#own?.lock.release();
    this.#own = null;
  }
}
