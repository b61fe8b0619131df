/** The outer shapes of the document's bodies: flags beside a `user`, and credentials in or beside one. */
import { refuseFaults } from '../../core/errors.ts';
import { readMembers } from '../../http/reading/members.ts';

type Members = Readonly<Record<string, unknown>>;

/** What stands in `user`, and what stands beside it. Refuses with `invalid_fields` a `user` that is no object. */
export function readUserBody(body: unknown): { user: Members; beside: Members } {
  const beside = readMembers(body);
  const { user = null } = beside;
  if (user === null) return { user: {}, beside };
  if (typeof user !== 'object' || Array.isArray(user)) refuseFaults([{ field: 'user', fault: 'invalid' }]);
  return { user: { ...user }, beside };
}

/** Fields that may stand in `user` or beside it; what stands beside it counts where both are there. */
export function readFlatBody(body: unknown): Members {
  const { user, beside } = readUserBody(body);
  return { ...user, ...beside };
}

/** A flag that stands beside `user`, or in a user that is sent back whole. */
export function readFlag({ user, beside }: { user: Members; beside: Members }, name: string): unknown {
  return beside[name] === undefined ? user[name] : beside[name];
}
