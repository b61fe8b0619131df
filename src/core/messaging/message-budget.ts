/**
 * The budgets of messages: how many one address or number gets, one account causes, and an organization and the whole
 * deployment send in a day. `queueMessage` is the only caller that sends, so no message leaves without being counted, in the
 * transaction that causes it.
 *
 * Every budget of addresses and days exists twice, with the same numbers. One is for what a stranger can cause, such as
 * a code for a number that is given at a sign-up. The other is for what only the owner of an account causes, to an address
 * that the account has proved; there each kind of message has its own numbers by address. So no stranger, and no thief,
 * can use up the budget of the message that tells the owner (decision 0025).
 */
import { destinationSubject, userSubject } from '../access/subject.ts';
import type { Quota } from '../access/throttle.ts';
import type { Core, Policy } from '../core.ts';
import { mailboxOfVariant } from '../directory/email-address.ts';
import { isSameEmail } from '../directory/proof.ts';
import type { User } from '../directory/user.ts';
import type { UserId } from '../ids.ts';
import type { Tx } from '../unit-of-work.ts';
import { type BudgetName, untilTomorrowMs } from './budget-store.ts';
import type { Channel, MessageTemplate } from './message.ts';

/** The budget that does not allow a message, and the milliseconds until it may. */
export interface SpentBudget {
  readonly budget: BudgetName;
  readonly waitMs: number;
}

interface TemplateRule {
  /** Whether only the owner of the account causes it, where it goes to an address that the account has proved. */
  readonly isOwners: boolean;
  /** Whether the account of the message causes it, and not another caller. */
  readonly isByAccount: boolean;
  /** The budgets that refuse the change when they are spent; the others drop the message, because an answer would tell a stranger something. */
  readonly refuses: readonly BudgetName[];
}

// To an unproved address, which may be another person's, the account causes it as it causes codes.
const notice: TemplateRule = { isOwners: true, isByAccount: true, refuses: [] };
const toHolder: TemplateRule = { isOwners: false, isByAccount: false, refuses: [] };
const ofAccount: TemplateRule = { isOwners: false, isByAccount: true, refuses: ['account'] };

export const templateRules: Readonly<Record<MessageTemplate, TemplateRule>> = {
  // A text message that a day's budget does not allow may go by email; the sender of codes decides.
  confirmation: { ...ofAccount, isOwners: true },
  email_proof: ofAccount,
  sign_up_attempt: ofAccount,
  email_change: { ...ofAccount, refuses: ['account', 'organization', 'deployment'] },
  // Staff learn that it was not sent.
  invitation: { ...toHolder, refuses: ['address', 'organization', 'deployment'] },
  password_reset: toHolder,
  email_taken: toHolder,
  email_changed: notice,
  email_undo: notice,
  phone_changed: notice,
  password_changed: notice,
  new_network: notice,
  // The change is refused where its notice would be dropped.
  staff_email_changed: {
    isOwners: true,
    isByAccount: false,
    refuses: ['address', 'organization', 'deployment'],
  },
};

/** A message as the budgets see it. */
export interface CountedMessage {
  readonly template: MessageTemplate;
  readonly channel: Channel;
  readonly to: string;
  /** Whether the owner of the account is known to have asked for it. */
  readonly isByOwner?: boolean;
}

/** The receiver of a message. Staff and a decoy have no id; a decoy proves nothing. */
export type CountedRecipient = { readonly id: UserId | null; readonly isStaff?: true } & Partial<
  Pick<User, 'email' | 'emailProvedAt' | 'phoneE164' | 'phoneProvedAt'>
>;

/** Whose budget a message uses. */
type Whose = 'stranger' | 'owner';

/**
 * A step: counts one message in every budget. Null where all allow it; else the first that does not, and then the
 * caller must not send it. What an owner is known to have asked for uses the budget of strangers first, as the same
 * request of a stranger does, and then the owner's. A decoy counts by its address as a message does, so that a spent budget does
 * not tell whether there is an account. It does the same work for the budgets of a day, and uses nothing of them.
 */
export async function countMessage(
  core: Core,
  tx: Tx,
  user: CountedRecipient,
  message: CountedMessage,
): Promise<SpentBudget | null> {
  const { template, channel, to } = message;
  if (templateRules[template].isOwners && isProved(user, channel, to)) {
    return countFor('owner', core, tx, user, message);
  }
  const spent = await countFor('stranger', core, tx, user, message);
  return spent !== null && message.isByOwner === true ? countFor('owner', core, tx, user, message) : spent;
}

async function countFor(
  whose: Whose,
  core: Core,
  tx: Tx,
  user: CountedRecipient,
  { template, channel, to }: CountedMessage,
): Promise<SpentBudget | null> {
  const isOwners = whose === 'owner';
  const now = core.clock.now();
  const { account, day } = core.policy.messageLimits;
  const counted = [{ bucket: isOwners ? `owner ${template}` : whose, to }];
  const mailbox = channel === 'email' && !isOwners ? mailboxOfVariant(to) : null;
  if (mailbox !== null) counted.push({ bucket: variantBucket, to: mailbox });
  for (const { bucket, ...each } of counted) {
    const subject = destinationSubject(core.secrets, channel, each.to);
    const waitMs = await tx.messageBudgets.hit(bucket, subject, addressQuotas(core.policy, bucket), now);
    if (waitMs !== null) return { budget: 'address', waitMs };
  }
  if (user.id !== null && templateRules[template].isByAccount && !isOwners) {
    const accountSubject = userSubject(core.secrets, tx.orgKey, user.id);
    const accountWait = await tx.throttles.hit('message', accountSubject, [account], now);
    if (accountWait !== null) return { budget: 'account', waitMs: accountWait };
  }
  for (const scope of ['organization', 'deployment'] as const) {
    const limit = day[channel][scope];
    if (limit === null) continue;
    const budget = isOwners ? `${channel} owner` : channel;
    const amount = user.id === null && user.isStaff !== true ? 0 : 1;
    const isUsed = await tx.messageBudgets.use({ scope, budget, amount, limit }, now);
    if (!isUsed) return { budget: scope, waitMs: untilTomorrowMs(now) };
  }
  return null;
}

/** All variants of a mailbox together. A mail server without tags reads each of them as an address of its own. */
const variantBucket = 'stranger variants';
const variantFactor = 4;

/** The quotas of an address in a bucket. */
export function addressQuotas({ messageLimits: { address } }: Policy, bucket: string): readonly Quota[] {
  if (bucket !== variantBucket) return address;
  return address.map((quota) => ({ ...quota, limit: quota.limit * variantFactor }));
}

/** Whether the account has proved that it has the address. */
function isProved(user: CountedRecipient, channel: Channel, to: string): boolean {
  if (channel === 'sms') return user.phoneProvedAt != null && user.phoneE164 === to;
  return user.emailProvedAt != null && isSameEmail(user.email ?? null, to);
}
