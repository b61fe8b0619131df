/** Refused attempts: what the role forbids, and calls and sign-ins beyond a limit. They are counted by the hour. */
import { findPublicApp } from '../access/authentication.ts';
import type { Door, Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { isRefusal } from '../errors.ts';
import { type AuditSubjectKind, actorIdOf } from './audit-event.ts';
import { noSubject } from './tally.ts';

/** The kind of the subject by the kind of the caller: the credential itself. */
const subjectKinds: Partial<Record<Principal['kind'], AuditSubjectKind>> = {
  api_key: 'api_key',
  app: 'app',
  user: 'user',
  connect: 'user',
  staff: 'staff',
};

/** Counts the error where it is a refusal of that kind. */
export function countRefusal(core: Core, principal: Principal, error: unknown): void {
  const isThrottled = isRefusal(error, 'rate_limited');
  if (!isThrottled && !isRefusal(error, 'forbidden')) return;
  const kind = subjectKinds[principal.kind];
  const id = actorIdOf(principal);
  core.tally.add(principal, {
    action: isThrottled ? 'access.throttled' : 'access.forbidden',
    subject: kind === undefined || id === null ? noSubject : { kind, id },
    at: core.clock.now(),
  });
}

/**
 * Counts a call that its network may not make now, and whose caller is not known. It is counted in the organization of
 * the app that the call names. A call that names no app, or an unknown one, is counted in the organization of the
 * deployment's sign-up app, so that no caller avoids the count.
 */
export async function countStrangerRefusal(
  core: Core,
  { door, appId }: { readonly door: Door; readonly appId: string | undefined },
  error: unknown,
): Promise<void> {
  const named = appId === undefined ? null : await findPublicApp(core, door, appId);
  const found = named ?? (await findPublicApp(core, door, undefined));
  if (found !== null) countRefusal(core, found.principal, error);
}
