/**
 * Confirms a user by a six-digit code: sends it, sends it again, and consumes it. A code goes to the phone, or by email
 * where there is no phone or no text may be sent to it (`messaging/sms-limits.ts`), and proves the address that it went to
 * and no other. The answer is the same for both. It is valid once, for ten minutes, and five wrong attempts void it.
 */
import { requireApp } from '../access/authentication.ts';
import type { Principal, PublicPrincipal, UserPrincipal } from '../access/principal.ts';
import { userSubject } from '../access/subject.ts';
import { type Quota, refuseWait } from '../access/throttle.ts';
import type { Core } from '../core.ts';
import { canonicalEmail } from '../directory/email-address.ts';
import { nextStatus, type User, type UserChanges } from '../directory/user.ts';
import { changeUser } from '../directory/user-change.ts';
import { FieldReader, type FieldResult } from '../directory/user-fields.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { noUserId, parseUserNumber, type UserId } from '../ids.ts';
import type { Channel } from '../messaging/message.ts';
import { queueMessage } from '../messaging/queue-message.ts';
import { costOf, noteReturnedCode, noteText, offerText } from '../messaging/sms-limits.ts';
import { record } from '../record/audit-event.ts';
import { newConfirmationCode } from '../secret.ts';
import { secondMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { codeAddressOf, codeEmailOf, codeLifeMs, codeSendQuotas, codeTriesMax } from './confirmation-code.ts';
import { again, takeFree } from './requested-email.ts';

/**
 * Consumes a code and confirms its user, who becomes active if pending. `caller` is null where the call names an app
 * that does not exist; `number` and `code` are unchecked input. Refuses with `invalid_fields` where one is missing,
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

  const confirm = () =>
    core.work.change(principal.orgKey, async (tx) => {
      const user = await tx.users.lock({ number });
      const now = core.clock.now();
      // Where no user can confirm, a row that does not exist stands for the code, and the same statements run.
      const isOpen = user !== null && user.status !== 'inactive';
      const id = isOpen ? user.id : noUserId;
      const digestTo = (to: string | null): string => codeDigest(core, { userId: id, code, to: to ?? '' });
      const [byText, byMail] = [user?.phoneE164 ?? null, user === null ? null : codeEmailOf(user)].map(
        digestTo,
      );
      const consumed = await tx.codes.consume(id, [byText ?? '', byMail ?? ''], now);
      if (consumed === null || !isOpen) {
        // The spent attempt is committed before the refusal, and a try without a code is written too.
        await tx.codes.spendTry(id);
        const subject = userSubject(core.secrets, tx.orgKey, id);
        await tx.throttles.hit('code_try', subject, codeTryQuotas, now);
        return null;
      }
      const channel = consumed === byText ? 'sms' : 'email';
      if (channel === 'sms') await noteReturnedCode(core, tx, user);
      const after = await changeUser(core, tx, user, {
        confirmedAt: now,
        ...(await proofOf(core, tx, user, channel)),
        updatedAt: now,
        ...(user.status === 'pending'
          ? { status: nextStatus(user.status, 'activate'), wasActive: true }
          : {}),
      });
      await record(tx, principal, 'user.confirmed', { kind: 'user', id: user.id }, now);
      return after;
    });
  const confirmed = await again(confirm);
  if (confirmed === null) throw refuse('invalid_code', {});
  return confirmed;
}

/** Never reached: these hits only make every wrong try write a row, so that an open code takes no longer than none. */
const codeTryQuotas = [{ limit: 1_000_000, windowMs: secondMs }] as const;

/** A step: the proof of the address to which the code went. */
async function proofOf(core: Core, tx: Tx, user: User, channel: Channel): Promise<UserChanges> {
  const now = core.clock.now();
  if (channel === 'sms') return { phoneProvedAt: user.phoneProvedAt ?? now };
  if (user.email !== null) return { emailProvedAt: user.emailProvedAt ?? now };
  return user.requestedEmail === null ? {} : ((await takeFree(core, tx, user.requestedEmail)) ?? {});
}

/**
 * Sends the principal a new code and voids the old one. Refuses with `already_confirmed`, and with
 * `rate_limited` beyond one a minute and five an hour.
 */
export async function resendConfirmation(core: Core, principal: UserPrincipal): Promise<void> {
  await core.work.change(principal.orgKey, async (tx) => {
    const user = await tx.users.lock({ id: principal.userId });
    if (user === null) throw refuse('unauthorized', {});
    await sendCodeAgain(core, tx, principal, user);
  });
}

/** A step: as `resendConfirmation`, to a user whom the caller has locked. Returns how the code goes; null where there is no address. */
export async function sendCodeAgain(
  core: Core,
  tx: Tx,
  principal: Principal,
  user: User,
): Promise<CodeWay | null> {
  if (user.confirmedAt !== null) throw refuse('already_confirmed', {});
  const way = await replaceCode(core, tx, user, codeSendQuotas);
  await record(tx, principal, 'user.code_sent', { kind: 'user', id: user.id }, core.clock.now());
  return way;
}

/**
 * A step: replaces the user's code and queues a message with the new one. Refuses with `rate_limited` beyond `quotas`,
 * which count every code that was sent to the user, and where a budget of messages refuses it. Returns the channel; null where
 * the user has no address to which one may be sent. A code that is not sent, also because its address gets too many
 * messages, replaces none: the earlier one may be in the person's hand.
 */
export async function sendCode(
  core: Core,
  tx: Tx,
  user: User,
  quotas: readonly Quota[],
): Promise<Channel | null> {
  return (await sendCodeTo(core, tx, user, quotas))?.channel ?? null;
}

async function sendCodeTo(core: Core, tx: Tx, user: User, quotas: readonly Quota[]): Promise<CodeWay | null> {
  if (codeAddressOf(user) === null) return null;
  const now = core.clock.now();
  const subject = userSubject(core.secrets, tx.orgKey, user.id);
  refuseWait(await tx.throttles.hit('code', subject, quotas, now));
  const code = newConfirmationCode();
  const way = await queueCode(core, tx, user, code);
  if (way !== null && way.waitMs === null) {
    await tx.codes.put(user.id, {
      digest: codeDigest(core, { userId: user.id, code, to: way.to }),
      expiresAt: now + codeLifeMs,
      triesLeft: codeTriesMax,
    });
  }
  return way;
}

/** A step: as `sendCode`, for a user who may have got a code before. An earlier one that still waits is not sent. */
export async function replaceCode(
  core: Core,
  tx: Tx,
  user: User,
  quotas: readonly Quota[],
): Promise<CodeWay | null> {
  const way = await sendCodeTo(core, tx, user, quotas);
  await tx.messages.giveUpEarlierCodes(user.id, core.clock.now());
  return way;
}

/** How a code goes to its user. */
export interface CodeWay {
  readonly channel: Channel;
  readonly to: string;
  /** How long the code must wait because the address gets too many messages; null where it is queued. */
  readonly waitMs: number | null;
}

/** A step: queues the code as a text, or as an email where no text may be sent; null where the user has no email then. */
async function queueCode(core: Core, tx: Tx, user: User, code: string): Promise<CodeWay | null> {
  const { phoneE164 } = user;
  if (phoneE164 !== null) {
    const text = { template, to: phoneE164, code };
    const offer = await offerText(core, tx, user, text);
    if (offer.kind !== 'diverted') {
      const spent = await queueMessage(core, tx, user, { ...text, channel: 'sms', ...costOf(offer) });
      if (spent === null) await noteText(core, tx, text, offer);
      // A code to another address would tell that the number gets too many. The budget of a day tells nothing of the number.
      if (spent === null || spent.budget === 'address') {
        return { channel: 'sms', to: phoneE164, waitMs: spent?.waitMs ?? null };
      }
    }
  }
  const to = codeEmailOf(user);
  if (to === null) return null;
  const spent = await queueMessage(core, tx, user, { template, channel: 'email', to, code });
  if (spent !== null && spent.budget !== 'address') refuseWait(spent.waitMs);
  return { channel: 'email', to, waitMs: spent?.waitMs ?? null };
}

const template = 'confirmation' as const;

/** A code is right only together with the address that it was sent to: it proves no other one. */
function codeDigest(
  core: Core,
  { userId, code, to }: { readonly userId: UserId; readonly code: string; readonly to: string },
): string {
  return core.secrets.keyedDigest('confirmation code', `${userId} ${code} ${canonicalEmail(to)}`);
}

/** A user's number, as a JSON number or a decimal text; null for a whole number that no user can have. */
function readNumber(value: unknown): FieldResult<number | null> {
  if (value === undefined || value === null || value === '') return { fault: 'blank' };
  const isWhole = typeof value === 'string' ? /^-?\d+$/.test(value) : Number.isInteger(value);
  return isWhole ? { value: parseUserNumber(String(value)) } : { fault: 'invalid' };
}

function readCode(value: unknown): FieldResult<string> {
  if (value === undefined || value === null || value === '') return { fault: 'blank' };
  return typeof value === 'string' && value.isWellFormed() ? { value: value.trim() } : { fault: 'invalid' };
}
