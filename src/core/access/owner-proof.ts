/**
 * The password that people give again to change their own email or password. One that is sent is checked in any case, so
 * that no answer depends on whether it was needed, and a wrong one counts against the session.
 */
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import type { FieldFault } from '../errors.ts';
import { matchPassword, type PasswordMatch } from './password.ts';
import { guardBySession } from './password-guesses.ts';
import type { UserPrincipal } from './principal.ts';
import { sessionFreshMs } from './session.ts';

/**
 * The faults of `currentPassword`, as it came. `isNeeded`: the change of `target` needs it, unless the session is young. An
 * admin who changes another user needs none, and one that is sent is not read. Refuses with `unauthorized` where wrong passwords have ended the session.
 */
export async function findProofFaults(
  core: Core,
  principal: UserPrincipal,
  proof: {
    readonly target: User;
    readonly currentPassword: unknown;
    readonly isNeeded: boolean;
    /** The password was right at first, and another request has changed it since: a wrong one is no guess. */
    readonly isRepeat: boolean;
  },
): Promise<readonly FieldFault[]> {
  const { target, currentPassword } = proof;
  if (principal.userId !== target.id) return [];
  if (currentPassword === undefined || currentPassword === null || currentPassword === '') {
    const isFresh = core.clock.now() - principal.sessionStartedAt < sessionFreshMs;
    return proof.isNeeded && !isFresh ? [{ field: 'currentPassword', fault: 'blank' }] : [];
  }
  if (typeof currentPassword !== 'string') return [{ field: 'currentPassword', fault: 'invalid' }];
  const check = async (): Promise<PasswordMatch | null> => {
    const found = await matchPassword(core.hasher, currentPassword, target.passwordHash);
    if (found !== 'wrong') return found;
    const subject = { kind: 'user', id: principal.userId } as const;
    core.tally.add(principal, { action: 'session.refused', subject, at: core.clock.now() });
    return null;
  };
  const match = await (proof.isRepeat ? check() : guardBySession(core, principal, check));
  return match === null ? [{ field: 'currentPassword', fault: 'invalid' }] : [];
}
