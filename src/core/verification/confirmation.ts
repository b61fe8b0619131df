/**
 * Confirming a user by a six-digit code: sending it, sending it again, and taking it. A code goes to the phone,
 * by email where there is no phone; it works once, for ten minutes, and five wrong tries void it.
 */
import { requireApp } from '../access/authentication.ts';
import type { PublicPrincipal, UserPrincipal } from '../access/principal.ts';
import { userSubject } from '../access/subject.ts';
import { type Quota, refuseWait } from '../access/throttle.ts';
import type { Core } from '../core.ts';
import { nextStatus, type User } from '../directory/user.ts';
import { FieldReader, type FieldResult } from '../directory/user-fields.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { parseUserNumber, type UserId } from '../ids.ts';
import { post } from '../messaging/post.ts';
import { record } from '../record/audit-event.ts';
import { newConfirmationCode } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { codeLifeMs, codeSendQuotas, codeTriesMax } from './confirmation-code.ts';

/**
 * Takes a code and confirms its user, who becomes active if pending. `caller` is null where they name an app
 * that does not exist; `number` and `code` are as they came. Refuses with `invalid_fields` where one is missing,
 * `not_found` (app), and the same `invalid_code` for a code that is wrong, old, used or void and for a user who is
 * unknown or cancelled.
 */
export async function confirmUser(
  core: Core,
  caller: PublicPrincipal | null,
  input: { readonly number: unknown; readonly code: unknown },
): Promise<User> {
  const fields = new FieldReader();
  const number = fields.take('number', readNumber(input.number));
  const code = fields.take('code', readCode(input.code));
  refuseFaults(fields.faults);
  const principal = requireApp(caller);
  if (number === undefined || number === null || code === undefined) throw refuse('invalid_code', {});

  const confirmed = await core.work.change(principal.orgKey, async (tx) => {
    const user = await tx.users.lock({ number });
    if (user === null || user.status === 'inactive') return null;
    const now = core.clock.now();
    const isTaken = await tx.codes.consume(user.id, codeDigest(core, user.id, code), now);
    if (!isTaken) {
      // The spent try is committed, and the refusal comes after.
      await tx.codes.spendTry(user.id);
      return null;
    }
    const after = await tx.users.update(user, {
      confirmedAt: now,
      updatedAt: now,
      ...(user.status === 'pending' ? { status: nextStatus(user.status, 'activate'), wasActive: true } : {}),
    });
    await record(tx, principal, 'user.confirmed', { kind: 'user', id: user.id }, now);
    return after;
  });
  if (confirmed === null) throw refuse('invalid_code', {});
  return confirmed;
}

/**
 * Sends the principal a new code and voids the old one. Refuses with `already_confirmed`, and with
 * `rate_limited` beyond one a minute and five an hour.
 */
export async function resendConfirmation(core: Core, principal: UserPrincipal): Promise<void> {
  await core.work.change(principal.orgKey, async (tx) => {
    const user = await tx.users.lock({ id: principal.userId });
    if (user === null) throw refuse('unauthorized', {});
    if (user.confirmedAt !== null) throw refuse('already_confirmed', {});
    await sendCode(core, tx, user, codeSendQuotas);
    await record(tx, principal, 'user.code_sent', { kind: 'user', id: user.id }, core.clock.now());
  });
}

/**
 * A step: a new code in the place of the old one, on its way to the user. Refuses with `rate_limited` beyond
 * `quotas`, which count every code that the user was ever sent.
 */
export async function sendCode(core: Core, tx: Tx, user: User, quotas: readonly Quota[]): Promise<void> {
  const to = codeAddressOf(user);
  if (to === null) return;
  const now = core.clock.now();
  const subject = userSubject(core.secrets, tx.orgKey, user.id);
  refuseWait(await tx.throttles.hit('code', subject, quotas, now));
  const code = newConfirmationCode();
  await tx.codes.put(user.id, {
    digest: codeDigest(core, user.id, code),
    expiresAt: now + codeLifeMs,
    triesLeft: codeTriesMax,
  });
  const channel = user.phoneE164 === null ? 'email' : 'sms';
  await post(core, tx, user, { template: 'confirmation', channel, to, code });
}

/** Where the user's codes go: to the phone, by email where there is none. */
export function codeAddressOf(user: Pick<User, 'phoneE164' | 'email'>): string | null {
  return user.phoneE164 ?? user.email;
}

function codeDigest(core: Core, userId: UserId, code: string): string {
  return core.secrets.keyedDigest('confirmation code', `${userId} ${code}`);
}

/** A user's number, as a JSON number or in decimal; null for a whole number that no user can have. */
function readNumber(value: unknown): FieldResult<number | null> {
  if (value === undefined || value === null || value === '') return { fault: 'blank' };
  const isWhole = typeof value === 'string' ? /^-?\d+$/.test(value) : Number.isInteger(value);
  return isWhole ? { value: parseUserNumber(String(value)) } : { fault: 'invalid' };
}

function readCode(value: unknown): FieldResult<string> {
  if (value === undefined || value === null || value === '') return { fault: 'blank' };
  return typeof value === 'string' && value.isWellFormed() ? { value: value.trim() } : { fault: 'invalid' };
}
