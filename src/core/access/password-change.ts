/**
 * One change of a password an account at a time, in all processes: a second one that comes meanwhile is refused before
 * any password is hashed. A process refuses by its own memory first, then by a lease in the database. The lease ends when
 * its change does, and by itself soon after its process has died. A change includes the check of the present password.
 *
 * Meanwhile is by the arrival of a request: one that arrived before the end of another change was composed without its
 * outcome. So it is refused, also where it is read only after that end, and its former password is no wrong guess.
 */
import { randomUUID } from 'node:crypto';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import type { OrgKey, UserId } from '../ids.ts';
import { secondMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import type { Arrival } from './arrival.ts';
import { inProgress, type Subject } from './password-changes.ts';

/** Longer than a change takes: the wait for a hash is bounded. */
export const passwordLeaseMs = 15 * secondMs;

/** The change of one password, as one request asks for it. Whatever becomes of it, the caller calls `end`. */
export class PasswordChange {
  readonly #core: Core;
  readonly #orgKey: OrgKey;
  readonly #arrival: Arrival;
  readonly #subjects: Subject[] = [];
  #lease: { readonly userId: UserId; readonly holder: string } | null = null;
  #hash: Promise<string> | null = null;

  constructor(core: Core, orgKey: OrgKey, arrival: Arrival) {
    this.#core = core;
    this.#orgKey = orgKey;
    this.#arrival = arrival;
  }

  /**
   * Claims the account, once. `check` throws where the account is no longer as the change was decided upon. Refuses with
   * `change_in_progress`, and with `not_found` (user). `link` names the link that the change consumes.
   */
  async begin(
    userId: UserId,
    check: (tx: Tx, user: User) => Promise<void> | void,
    link: Subject | null = null,
  ): Promise<void> {
    if (this.#lease !== null) return;
    const { passwordChanges: changes, clock, work } = this.#core;
    const subjects = [`${this.#orgKey} ${userId}`, ...(link === null ? [] : [link])];
    for (const subject of subjects) changes.refuseMeanwhile(subject, this.#arrival);
    for (const subject of subjects) changes.begin(subject);
    this.#subjects.push(...subjects);
    const holder = randomUUID();
    await work.change(this.#orgKey, async (tx) => {
      const user = await tx.users.lock({ id: userId });
      if (user === null) throw refuse('not_found', { noun: 'user' });
      const now = clock.now();
      if (!(await tx.passwordLeases.claim(userId, holder, now, now + passwordLeaseMs))) throw inProgress();
      await check(tx, user);
    });
    this.#lease = { userId, holder };
  }

  /** The hash of the new password, made once however often the change is decided. */
  hash(password: string): Promise<string> {
    this.#hash ??= this.#core.hasher.hash(password, {
      arrival: this.#arrival,
      account: this.#lease?.userId ?? '',
    });
    return this.#hash;
  }

  /** A step: gives the lease back in the transaction of the change. Refuses with `change_in_progress` where it is lost. */
  async release(tx: Tx): Promise<void> {
    const lease = this.#lease;
    if (lease !== null && !(await tx.passwordLeases.release(lease.userId, lease.holder))) throw inProgress();
  }

  /** Ends the change, with its lease where no transaction has released it (`isReleased`). Never rejects. */
  async end({ isReleased }: { readonly isReleased: boolean }): Promise<void> {
    const lease = this.#lease;
    if (lease !== null && !isReleased) {
      await this.#core.work
        .change(this.#orgKey, (tx) => tx.passwordLeases.release(lease.userId, lease.holder))
        // Without the database the lease ends by its time.
        .catch(() => {});
    }
    await Promise.all(this.#subjects.map((subject) => this.#core.passwordChanges.end(subject)));
  }
}
