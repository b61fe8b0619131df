/**
 * The rule for fields that a contract shows and does not let the caller set: each is an invalid field, unless it
 * holds what the contract shows at present, so that a client may send a user back whole. Of a user who is being
 * made nothing is shown yet, which is null.
 */

import type { User } from '../../core/directory/user.ts';
import type { EchoCheck } from '../../core/directory/user-lifecycle.ts';

/** The check of `fields` in `body`; `show` is the user as the contract shows one, and faults name its fields. */
export function checkEchoes(
  body: Readonly<Record<string, unknown>>,
  fields: readonly string[],
  show: (user: User) => Readonly<Record<string, unknown>>,
): EchoCheck {
  return (present) => {
    const shown = present === null ? {} : show(present);
    return fields
      .filter((field) => body[field] !== undefined && body[field] !== (shown[field] ?? null))
      .map((field) => ({ field, fault: 'read_only' }));
  };
}
