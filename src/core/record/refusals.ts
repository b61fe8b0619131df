/** Refused attempts: what the role forbids, and calls and sign-ins beyond a limit. They are counted by the hour. */
import type { Principal } from '../access/principal.ts';
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
