/** The events of the audit log about one person, with the reasons of looks at masked fields, and who of the staff did what. */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { Listing, Page } from '../directory/paging.ts';
import type { UserRef } from '../directory/user-store.ts';
import { refuse } from '../errors.ts';
import type { AuditEvent } from '../record/audit-event.ts';
import { listAuditEvents } from '../record/audit-log.ts';

/** The newest reasons that are looked up. */
const reasonsMax = 1_000;

export interface TimelineEvent extends AuditEvent {
  /** The email of the staff account that did it; null for other actors, and for an account that is gone. */
  readonly actorName: string | null;
  readonly reason: string | null;
}

/** A page of events, newest first, with the exact number. Refuses with `forbidden` and `not_found` (user). */
export async function readTimeline(
  core: Core,
  principal: Principal,
  input: { readonly ref: UserRef | null; readonly page: Page },
): Promise<Listing<TimelineEvent>> {
  authorize(principal, 'console.record.read');
  const { ref, page } = input;
  const found = await core.work.read(principal.orgKey, async (tx) => {
    const user = ref === null ? null : await tx.users.find(ref);
    if (user === null) throw refuse('not_found', { noun: 'user' });
    const [reveals, staff] = [await tx.reveals.listOf(user.id, reasonsMax), await tx.staff.list()];
    return { user, reveals, staff };
  });
  const reasons = new Map(found.reveals.map(({ eventId, reason }) => [eventId, reason]));
  const emails = new Map(found.staff.map(({ id, email }) => [id, email]));
  const filter = { userId: found.user.id, actorId: null, action: null, since: null, until: null };
  const listing = await listAuditEvents(core, principal, { filter, faults: [], page });
  const items = listing.items.map((event) => ({
    ...event,
    actorName: event.actorKind === 'staff' ? (emails.get(event.actorId ?? '') ?? null) : null,
    reason: reasons.get(event.id) ?? null,
  }));
  return { ...listing, items };
}
