/** The user that a path names, for contracts that name users by an id. */
import type { UserRef } from '../../core/directory/user-store.ts';
import type { UserId } from '../../core/ids.ts';
import type { Call } from '../contract.ts';

/** The user in the parameter; null where `parse` finds no id in it, which is answered like an unknown id. */
export function userRefIn(
  { params }: Call,
  parameter: string,
  parse: (text: string) => UserId | null,
): UserRef | null {
  const id = parse(params[parameter] ?? '');
  return id === null ? null : { id };
}
