/**
 * The rule for read-only fields: a field is refused as `read_only`, unless its value is the one that the contract
 * shows now, so that a client may send a whole user back. For a user who does not exist yet, that value is null.
 */
import type { User } from '../../core/directory/user.ts';
import type { EchoCheck } from '../../core/directory/user-lifecycle.ts';

/** Checks `fields` of `body`; `show` gives the user as the contract shows it. Faults use the contract's names. */
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
