/**
 * Checks what an import would do, and changes nothing: every row is read by the rules of an import, and its email and
 * external id are searched in the directory and among the rows before it. The directory may still change before the
 * import itself.
 */
import { authorize, type OperatorPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { canonicalEmail } from '../directory/email-address.ts';
import type { NewUser } from '../directory/user.ts';
import type { Tx } from '../unit-of-work.ts';
import { columnOf } from './import.ts';
import type { Reject } from './import-progress.ts';
import type { ImportRows } from './import-row.ts';
import { SeenKeys } from './seen-keys.ts';

/** The outcome of one batch, if it were imported. */
export interface DryOutcome {
  readonly imported: number;
  /** How many of them have no password because their hash is not supported. */
  readonly withoutPassword: number;
  readonly rejects: readonly Reject[];
}

export class DryRun {
  readonly #core: Core;
  readonly #principal: OperatorPrincipal;
  readonly #appId: string;
  readonly #seen = new SeenKeys();

  constructor(core: Core, principal: OperatorPrincipal, appId: string) {
    authorize(principal, 'users.create');
    this.#core = core;
    this.#principal = principal;
    this.#appId = appId;
  }

  /** The outcome of the next rows. Rows must come in the order of the import. */
  async check({ users, lines, rejects, ...rows }: ImportRows): Promise<DryOutcome> {
    return this.#core.work.read(this.#principal.orgKey, async (tx) => {
      const refused = [...rejects];
      const leftOut = new Set(rows.withoutPassword);
      let imported = 0;
      let withoutPassword = 0;
      for (const [at, user] of users.entries()) {
        const taken = await this.#takenOf(tx, user);
        if (taken !== null) {
          refused.push({ line: lines[at] ?? 0, field: columnOf({ taken }), reason: 'taken' });
          continue;
        }
        imported += 1;
        if (leftOut.has(at)) withoutPassword += 1;
      }
      return { imported, withoutPassword, rejects: refused.sort((left, right) => left.line - right.line) };
    });
  }

  /** The key that another user has, or would have after the rows before it; remembers the keys of a user who would be added. */
  async #takenOf(tx: Tx, { email, externalId }: NewUser): Promise<'email' | 'externalId' | null> {
    const emailKey = email === null ? null : `email ${canonicalEmail(email)}`;
    const externalKey = externalId === null ? null : `external ${externalId}`;
    if (email !== null && emailKey !== null) {
      if (this.#seen.has(emailKey) || (await tx.users.findByEmail(email)) !== null) {
        return 'email';
      }
    }
    if (externalId !== null && externalKey !== null) {
      const isSeen = this.#seen.has(externalKey);
      if (isSeen || (await tx.users.findByExternalId(this.#appId, externalId)) !== null) return 'externalId';
    }
    for (const key of [emailKey, externalKey]) if (key !== null) this.#seen.add(key);
    return null;
  }
}
