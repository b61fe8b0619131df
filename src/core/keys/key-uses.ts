/**
 * When and from which network each API key was last used, by the hour and the wider network. A request of a key costs a look-up
 * in memory; the first one of an hour is written by a job, so no answer waits for it, and a key costs at most one write in an
 * hour. Several processes write the same row, and the first of them wins.
 */

import { levelsOf } from '../access/network.ts';
import type { OrgKey } from '../ids.ts';
import { hourMs } from '../time.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { KeyUse } from './api-key.ts';

interface NotedUse extends KeyUse {
  readonly orgKey: OrgKey;
}

export class KeyUses {
  #hour = 0;
  /** The digests of the keys that were used in this hour. */
  readonly #used = new Set<string>();
  #unwritten: NotedUse[] = [];

  /** Notes that the key with that digest was used at the instant. The network is read only for the first use in an hour. */
  note(orgKey: OrgKey, digest: string, at: number, call: { readonly network: string }): void {
    const hour = at - (at % hourMs);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#used.clear();
    }
    if (this.#used.has(digest)) return;
    this.#used.add(digest);
    const { network } = call;
    const widest = levelsOf(network).at(-1)?.network ?? network;
    this.#unwritten.push({ orgKey, digest, hour, network: widest });
  }

  /** Writes what was noted. What cannot be written stays in memory for the next call. */
  async write(work: UnitOfWork, now: number): Promise<void> {
    const uses = this.#unwritten;
    this.#unwritten = [];
    const left = new Set(uses);
    try {
      for (const [orgKey, own] of Map.groupBy(uses, (use) => use.orgKey)) {
        await work.change(orgKey, async (tx) => {
          for (const use of own) await tx.apiKeys.noteUse(use, now);
        });
        for (const use of own) left.delete(use);
      }
    } catch (error) {
      this.#unwritten.push(...left);
      throw error;
    }
  }
}
