/**
 * Counts what happens too often for an event each: reads by keys, wrong passwords and refused attempts. It counts in memory, by
 * organization, hour, actor, door, action and subject; a job adds the counts to the audit log every few seconds and when the server
 * stops. So no answer waits for a count, and a crash loses the counts of the last seconds. The number of different counts in
 * memory is bounded: beyond it, counts of one action and door are added together.
 */
import type { Principal } from '../access/principal.ts';
import { addTotals } from '../figures/day-totals.ts';
import type { OrgKey } from '../ids.ts';
import { hourMs } from '../time.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { type AuditAction, type AuditSubjectKind, actorIdOf, type CountedEvent } from './audit-event.ts';

export interface Counted {
  readonly action: AuditAction;
  readonly subject: { readonly kind: AuditSubjectKind; readonly id: string };
  readonly at: number;
  /** How many users a read has shown. */
  readonly users?: number;
}

interface Count extends CountedEvent {
  readonly orgKey: OrgKey;
  times: number;
  users: number | null;
}

/** Different counts in memory. */
const countsMax = 10_000;
/** Counts in one transaction. */
const batchMax = 500;

const unknownSubject = { kind: 'unknown', id: 'unknown' } as const;

export class AuditTally {
  #counts = new Map<string, Count>();
  readonly #max: number;

  constructor(max = countsMax) {
    this.#max = max;
  }

  /** Counts something that the principal did. */
  add(principal: Principal, { action, subject, at, users }: Counted): void {
    const actorId = actorIdOf(principal);
    const hour = at - (at % hourMs);
    const { orgKey, kind, door } = principal;
    const count = this.#find({ orgKey, at: hour, actorKind: kind, actorId, door, action, subject });
    count.times += 1;
    if (users !== undefined) count.users = (count.users ?? 0) + users;
  }

  /** Adds the counts to the audit log. What cannot be written stays in memory for the next call. */
  async write(work: UnitOfWork): Promise<void> {
    const counts = this.#counts;
    this.#counts = new Map();
    try {
      // All processes write in one order, so that none waits for another in a circle.
      const inOrder = [...counts]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([, count]) => count);
      for (const [orgKey, own] of Map.groupBy(inOrder, (count) => count.orgKey)) {
        for (let from = 0; from < own.length; from += batchMax) {
          const batch = own.slice(from, from + batchMax);
          await work.change(orgKey, async (tx) => {
            for (const { orgKey: _, ...count } of batch) await tx.audit.addCount(count);
            await addTotals(tx, batch);
          });
          for (const count of batch) count.times = 0;
        }
      }
    } catch (error) {
      for (const count of counts.values()) this.#restore(count);
      throw error;
    }
  }

  #find(
    said: Omit<Count, 'subjectKind' | 'subjectId' | 'times' | 'users'> & Pick<Counted, 'subject'>,
  ): Count {
    const { subject, ...rest } = said;
    const key = `${rest.orgKey} ${rest.at} ${rest.actorKind} ${rest.actorId} ${rest.door} ${rest.action} ${subject.id}`;
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    if (this.#counts.size >= this.#max && (subject !== unknownSubject || rest.actorId !== null)) {
      return this.#find({ ...rest, actorId: null, subject: unknownSubject });
    }
    const count = { ...rest, subjectKind: subject.kind, subjectId: subject.id, times: 0, users: null };
    this.#counts.set(key, count);
    return count;
  }

  #restore({ times, users, subjectKind, subjectId, ...rest }: Count): void {
    if (times === 0) return;
    const count = this.#find({ ...rest, subject: { kind: subjectKind, id: subjectId } });
    count.times += times;
    if (users !== null) count.users = (count.users ?? 0) + users;
  }
}

/** The subject of a wrong password or a refused attempt where no account is known. */
export const noSubject: Counted['subject'] = unknownSubject;
