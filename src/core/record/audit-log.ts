/** Reading the audit log: pages for the admins of an organization, and all events in order for an export. */
import { authorize, type OperatorPrincipal, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { type Listing, offsetOf, type Page } from '../directory/paging.ts';
import { type FieldFault, refuseFaults } from '../errors.ts';
import type { UserId } from '../ids.ts';
import { isCalendarDate, parseInstant } from '../time.ts';
import {
  type AuditEvent,
  type AuditFilter,
  type AuditPosition,
  auditActions,
  type StoredEvent,
} from './audit-event.ts';

/** How many events of an export are read together. */
const batchEvents = 1_000;

/** The filters as they came; absent: all events. */
export interface FilterInput {
  readonly user?: unknown;
  readonly actor?: unknown;
  readonly action?: unknown;
  /** A time of RFC 3339, or a date: the beginning of that day in UTC. */
  readonly since?: unknown;
  readonly until?: unknown;
}

/** Reads the filters. `parseUser` reads an id of a user as the caller writes it, null for another text. */
export function readFilter(
  input: FilterInput,
  parseUser: (text: string) => UserId | null,
): { filter: AuditFilter; faults: readonly FieldFault[] } {
  const faults: FieldFault[] = [];
  const take = <T>(field: keyof FilterInput, parse: (text: string) => T | null): T | null => {
    const value = input[field];
    if (value === undefined) return null;
    const parsed = typeof value === 'string' ? parse(value) : null;
    if (parsed === null) faults.push({ field, fault: 'invalid' });
    return parsed;
  };
  const filter: AuditFilter = {
    userId: take('user', parseUser),
    actorId: take('actor', (text) => parseUser(text) ?? parseActor(text)),
    action: take('action', (text) => auditActions.find((action) => action === text) ?? null),
    since: take('since', parseTime),
    until: take('until', parseTime),
  };
  return { filter, faults };
}

/** One page of the organization's events, newest first, with the exact number of all that match. Refuses with `forbidden`. */
export async function listAuditEvents(
  core: Core,
  principal: Principal,
  { filter, faults, page }: ReturnType<typeof readFilter> & { readonly page: Page },
): Promise<Listing<AuditEvent>> {
  authorize(principal, 'audit.read');
  refuseFaults(faults);
  const { items, total } = await core.work.read(
    principal.orgKey,
    (tx) => tx.audit.page(filter, offsetOf(page), page.size),
    { mayBeLate: true },
  );
  if (principal.kind !== 'operator') {
    const subject = { kind: 'audit_log', id: 'organization' } as const;
    core.tally.add(principal, { action: 'audit.read', subject, at: core.clock.now() });
  }
  return { items, total, page };
}

/** Every event that matches, oldest first, in batches. Each batch is read when the caller asks for it. */
export async function* exportAuditEvents(
  core: Core,
  principal: OperatorPrincipal,
  filter: AuditFilter,
): AsyncGenerator<readonly AuditEvent[]> {
  authorize(principal, 'audit.read');
  let after: AuditPosition | null = null;
  for (;;) {
    const last: AuditPosition | null = after;
    const batch: readonly StoredEvent[] = await core.work.read(
      principal.orgKey,
      (tx) => tx.audit.listOldestFirst(filter, last, batchEvents),
      { mayBeLate: true },
    );
    if (batch.length > 0) yield batch;
    if (batch.length < batchEvents) return;
    after = batch.at(-1) ?? null;
  }
}

function parseActor(text: string): string | null {
  return /^[\x21-\x7e]{1,64}$/.test(text) ? text : null;
}

function parseTime(text: string): number | null {
  return parseInstant(isCalendarDate(text) ? `${text}T00:00:00Z` : text);
}
