/**
 * The password that people give again to change their own email or password. One that is sent is checked in any case, so
 * that no answer depends on whether it was needed, and a wrong one counts against the session.
 */
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { type FieldFault, refuseFaults } from '../errors.ts';
import type { Arrival } from './arrival.ts';
import { matchPassword, type PasswordMatch } from './password.ts';
import { guardBySession } from './password-guesses.ts';
import type { UserPrincipal } from './principal.ts';
import { sessionFreshMs } from './session.ts';

/** What came as `currentPassword`: its faults, and the password to check, if any. */
export interface TypedProof {
  readonly faults: readonly FieldFault[];
  readonly typed: string | null;
}

/** Of a caller who is no user: none is read. */
export const noProof: TypedProof = { faults: [], typed: null };

/**
 * Reads `currentPassword` as it came, without checking it. `isNeeded`: the change of `target` needs it, unless the session
 * is young. An admin who changes another user needs none, and one that is sent is not read.
 */
export function readProof(
  core: Core,
  principal: UserPrincipal,
  proof: { readonly target: User; readonly currentPassword: unknown; readonly isNeeded: boolean },
): TypedProof {
  const { target, currentPassword, isNeeded } = proof;
  if (principal.userId !== target.id) return noProof;
  if (currentPassword === undefined || currentPassword === null || currentPassword === '') {
    const isFresh = core.clock.now() - principal.sessionStartedAt < sessionFreshMs;
    return { faults: isNeeded && !isFresh ? [proofFault('blank')] : [], typed: null };
  }
  if (typeof currentPassword !== 'string') return { faults: [proofFault('invalid')], typed: null };
  return { faults: [], typed: currentPassword };
}

function proofFault(fault: FieldFault['fault']): FieldFault {
  return { field: 'currentPassword', fault };
}

/**
 * Refuses with `invalid_fields` where the password is wrong, and with `unauthorized` where wrong passwords have ended the
 * session. `isRepeat`: it was right at first, and another request has changed it since, so a wrong one is no guess.
 */
export async function checkProof(
  core: Core,
  principal: UserPrincipal,
  proof: {
    readonly target: User;
    readonly typed: string;
    readonly isRepeat: boolean;
    readonly arrival: Arrival;
  },
): Promise<void> {
  const { target, typed, arrival } = proof;
  const { signInGate, secrets } = core;
  const passwordOfAccount = `${target.id} ${target.passwordHash} ${typed}`;
  const checked = secrets.keyedDigest('checked password', passwordOfAccount);
  const turn = { arrival, account: target.id };
  const check = async (): Promise<PasswordMatch | null> => {
    // Many changes at the same time cost one check.
    if (signInGate.right.has(checked, arrival)) return 'right';
    const found = await signInGate.share(passwordOfAccount, () =>
      matchPassword(core.hasher, typed, target.passwordHash, { turn }),
    );
    if (found !== 'wrong') {
      signInGate.right.note(checked);
      return found;
    }
    const subject = { kind: 'user', id: principal.userId } as const;
    core.tally.add(principal, { action: 'session.refused', subject, at: core.clock.now() });
    return null;
  };
  const match = await (proof.isRepeat ? check() : guardBySession(core, principal, check));
  if (match === null) refuseFaults([proofFault('invalid')]);
}
