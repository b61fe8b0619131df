/**
 * The names of the keys and apps, and the emails of the staff accounts, that did something, for the pages that show events. Users
 * are not named.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { AuditEvent } from './audit-event.ts';

/** Finds the name of an actor by its id; null for one without a name, one that is gone, and users. */
export type FindActorName = (actorId: string) => string | null;

/** The names of the actors of these events. Refuses with `forbidden`. */
export async function nameActors(
  core: Core,
  principal: Principal,
  events: readonly Pick<AuditEvent, 'actorKind'>[],
): Promise<FindActorName> {
  authorize(principal, 'console.record.read');
  const kinds = new Set(events.map(({ actorKind }) => actorKind));
  const names = await core.work.read(principal.orgKey, async (tx) => [
    ...(kinds.has('api_key') ? (await tx.apiKeys.list()).map(({ id, name }) => [id, name] as const) : []),
    ...(kinds.has('app') ? (await tx.apps.list()).map(({ id, name }) => [id, name] as const) : []),
    ...(kinds.has('staff') ? (await tx.staff.list()).map(({ id, email }) => [id, email] as const) : []),
  ]);
  const known = new Map(names);
  return (actorId) => known.get(actorId) ?? null;
}
