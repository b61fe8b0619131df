/**
 * Whether a person can sign in now, and if not, why: a list of reasons, each with the act that helps. It says what `sign-in.ts`
 * and `password-guesses.ts` decide, and decides nothing. Pure.
 */
import { debtOf, failureDelayMs, guessesLeft, type LoginFailures, type Quota } from '../access/throttle.ts';
import type { User } from '../directory/user.ts';
import { waitsForInvitation } from '../verification/invitation.ts';
import type { PersonAct } from './person-act.ts';

/**
 * `cancelled`: the account is inactive. `no_email`: there is no address to sign in with. `email_requested`: the address is
 * only requested. `email_unproved`: the deployment tells no accounts, so an unproved address cannot sign in. `no_password`:
 * none was set. `invited`: the invitation was not accepted. `network_locked`: wrong passwords from one network.
 * `guesses_spent`: wrong passwords from unknown networks. `code_locked`: wrong codes have voided the code. `unconfirmed`:
 * no code has come back yet.
 */
export type SignInReasonCode =
  | 'cancelled'
  | 'no_email'
  | 'email_requested'
  | 'email_unproved'
  | 'no_password'
  | 'invited'
  | 'network_locked'
  | 'guesses_spent'
  | 'code_locked'
  | 'unconfirmed';

export interface SignInReason {
  readonly code: SignInReasonCode;
  /** From where a sign-in is refused. `nowhere`: it is not, but the person may complain about it. */
  readonly scope: 'everywhere' | 'one_network' | 'unknown_networks' | 'nowhere';
  /** When it ends by itself; null where it does not. */
  readonly until: number | null;
  /** The act that helps; null where none does. */
  readonly act: PersonAct | null;
}

export interface SignInState {
  /** Whether the right password starts a session now, from everywhere. */
  readonly can: boolean;
  readonly reasons: readonly SignInReason[];
}

/** The wrong passwords of an account from a network, or of a group of networks under its name. */
export type CountedFailures = LoginFailures & { readonly network: string };

/** How long tries from where these came are refused; 0 where they are checked. */
export function lockMs(failures: CountedFailures, guessQuota: Quota, now: number): number {
  if (failures.network === 'known') return 0;
  if (failures.network !== 'unknown') return failureDelayMs(failures, now);
  const left = guessesLeft(failures, guessQuota, now);
  return left < 1 ? Math.ceil((1 - left) * debtOf(guessQuota)) : 0;
}

export interface SignInFacts {
  readonly user: User;
  readonly tellsAccounts: boolean;
  readonly failures: readonly CountedFailures[];
  readonly guessQuota: Quota;
  /** The confirmation code that was sent last; null without one. */
  readonly code: { readonly triesLeft: number } | null;
  /** How long no further code is sent. */
  readonly codeWaitMs: number;
  readonly now: number;
}

export function signInStateOf(facts: SignInFacts): SignInState {
  const reasons = [...ofAccount(facts), ...ofTries(facts), ...ofConfirmation(facts)];
  return { can: reasons.every(({ scope }) => scope === 'nowhere'), reasons };
}

function* ofAccount({ user, tellsAccounts }: SignInFacts): Generator<SignInReason> {
  const everywhere = { scope: 'everywhere', until: null } as const;
  const isInvited = waitsForInvitation(user);
  if (user.status === 'inactive') yield { code: 'cancelled', ...everywhere, act: 'reinstate' };
  if (user.email === null) {
    const isRequested = user.requestedEmail !== null;
    yield isRequested
      ? { code: 'email_requested', ...everywhere, act: 'resend' }
      : { code: 'no_email', ...everywhere, act: 'edit' };
  }
  if (isInvited) yield { code: 'invited', ...everywhere, act: 'resend' };
  else if (user.passwordHash === null) {
    yield { code: 'no_password', ...everywhere, act: user.email === null ? null : 'send-reset' };
  }
  if (!tellsAccounts && user.email !== null && user.emailProvedAt === null && !isInvited) {
    yield { code: 'email_unproved', ...everywhere, act: 'resend' };
  }
}

function* ofTries({ failures, guessQuota, now }: SignInFacts): Generator<SignInReason> {
  const locked = failures.map((each) => ({ each, ms: lockMs(each, guessQuota, now) }));
  const longest = (isGroup: boolean): number =>
    Math.max(0, ...locked.filter(({ each }) => (each.network === 'unknown') === isGroup).map(({ ms }) => ms));
  const [network, group] = [longest(false), longest(true)];
  if (network > 0) {
    yield { code: 'network_locked', scope: 'one_network', until: now + network, act: 'unlock' };
  }
  if (group > 0) {
    yield { code: 'guesses_spent', scope: 'unknown_networks', until: now + group, act: 'unlock' };
  }
}

function* ofConfirmation({ user, code, codeWaitMs, now }: SignInFacts): Generator<SignInReason> {
  if (user.confirmedAt !== null || user.status === 'inactive' || waitsForInvitation(user)) return;
  const nowhere = { scope: 'nowhere' } as const;
  if (code !== null && code.triesLeft <= 0) {
    const isWaiting = codeWaitMs > 0;
    yield {
      code: 'code_locked',
      ...nowhere,
      until: isWaiting ? now + codeWaitMs : null,
      act: isWaiting ? 'unlock' : 'resend',
    };
  }
  yield { code: 'unconfirmed', ...nowhere, until: null, act: 'resend' };
}
