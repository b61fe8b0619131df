/**
 * The outer shapes of bodies in this document: flags beside a `user`, and credentials inside or beside one.
 */
import { refuseFaults } from '../../core/errors.ts';
import { readMembers } from '../../http/reading/members.ts';

type Members = Readonly<Record<string, unknown>>;

export interface UserBody {
  readonly user: Members;
  readonly beside: Members;
}

/**
 * The members of `user`, and the members beside it. Refuses with `invalid_fields` where `user` is not an object.
 */
export function readUserBody(body: unknown): UserBody {
  const beside = readMembers(body);
  const { user = null } = beside;
  if (user === null) return { user: {}, beside };
  if (typeof user !== 'object' || Array.isArray(user)) refuseFaults([{ field: 'user', fault: 'invalid' }]);
  return { user: { ...user }, beside };
}

/** Fields that may be inside `user` or beside it. A field beside it has priority, unless it is null. */
export function readFlatBody(body: unknown): Members {
  const { user, beside } = readUserBody(body);
  const said = Object.entries(beside).filter(([name, value]) => value !== null || user[name] === undefined);
  return { ...user, ...Object.fromEntries(said) };
}

/** A flag, or the copy of a password, beside `user`; inside it where a client sends a whole user back. */
export function readBeside({ user, beside }: UserBody, name: string): unknown {
  return beside[name] ?? user[name];
}
