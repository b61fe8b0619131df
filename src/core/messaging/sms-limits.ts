/**
 * Decides whether a text may be sent, and counts it. `offerText` decides before the message is written, so that a code can
 * go by mail instead; `noteText` counts the text once it is written. Between the two no other unit decides for the
 * organization, so the texts of a day never cost more than its budget. A text that the sender refuses later stays counted:
 * carriers charge for many of them, and the budget is a promise.
 *
 * A range of numbers is closed where codes are ordered and not used, as people do who earn money by texts to a range. Only
 * codes are counted for it, because nothing comes back from a notice.
 */

import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import type { OrgKey } from '../ids.ts';
import type { SecretBox } from '../secret.ts';
import { dayMs, notBeyond } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import type { MessageTemplate } from './message.ts';
import {
  type Diversion,
  isPumped,
  rangeClosedMs,
  rangeOf,
  rangeSlotMs,
  rangeWindowMs,
  type SmsRules,
} from './sms-rules.ts';

/** A text to a number in E.164. */
export interface Text {
  readonly template: MessageTemplate;
  readonly to: string;
  readonly code?: string;
}

/** Whether a text may be sent. `free`: it goes to the development outbox, and nothing is counted. */
export type TextOffer =
  | { readonly kind: 'free' }
  | { readonly kind: 'charged'; readonly country: string; readonly cost: number }
  | { readonly kind: 'diverted'; readonly reason: Diversion };

/** A step: whether the text may be sent to the user now. Counts a text that may not. */
export async function offerText(core: Core, tx: Tx, user: User, text: Text): Promise<TextOffer> {
  const { sms } = core;
  // A text to a template user never reaches a real sender.
  if (sms === null || user.isTemplate) return { kind: 'free' };
  const destination = sms.destinationOf(text.to);
  if (typeof destination === 'string') return divert(core, tx, destination, '');
  const { country, price } = destination;
  await tx.smsLimits.lock();
  if (text.code !== undefined && (await isRangeClosed(core, tx, text.to, country))) {
    return divert(core, tx, 'range', country);
  }
  const names = await tx.apps.getNames(user.appId);
  const facts = { ...text, ...names, language: user.language };
  const cost = price * sms.segmentsOf(core.composer.compose(text.template, 'sms', facts).body);
  if (await fitsBudget(core, tx, sms, cost)) return { kind: 'charged', country, cost };
  await tx.smsLimits.noteExhausted(dayOf(core.clock.now()));
  return divert(core, tx, 'budget', country);
}

/** What the text is counted with, as a message keeps it. */
export function costOf(offer: TextOffer): { readonly cost?: number } {
  return offer.kind === 'charged' ? { cost: offer.cost } : {};
}

/** A step: counts a text that was offered and is written now. */
export async function noteText(core: Core, tx: Tx, text: Text, offer: TextOffer): Promise<void> {
  if (offer.kind !== 'charged') return;
  const { country, cost } = offer;
  const now = core.clock.now();
  await tx.smsLimits.addSpent(dayOf(now), cost);
  await tx.smsLimits.addCount(dayOf(now), { outcome: 'sent', country, cost });
  if (text.code !== undefined) await addToRange(core, tx, text.to, { texts: 1, returned: 0 });
}

/** A step: counts a code that came back from a text to the user. */
export async function noteReturnedCode(core: Core, tx: Tx, user: User): Promise<void> {
  if (core.sms === null || user.isTemplate || user.phoneE164 === null) return;
  await addToRange(core, tx, user.phoneE164, { texts: 0, returned: 1 });
}

async function divert(core: Core, tx: Tx, reason: Diversion, country: string): Promise<TextOffer> {
  await tx.smsLimits.addCount(dayOf(core.clock.now()), { outcome: reason, country, cost: 0 });
  return { kind: 'diverted', reason };
}

async function fitsBudget(core: Core, tx: Tx, { budgetDay }: SmsRules, cost: number): Promise<boolean> {
  if (budgetDay === null) return true;
  return (await tx.smsLimits.findSpent(dayOf(core.clock.now()))) + cost <= budgetDay;
}

/** A step: whether the range of the number is closed. Closes it where its codes of the last hour did not come back. */
async function isRangeClosed(core: Core, tx: Tx, phoneE164: string, country: string): Promise<boolean> {
  const range = rangeDigest(core.secrets, tx.orgKey, phoneE164);
  const now = core.clock.now();
  if ((await tx.smsLimits.findClosing(range, now)) !== null) return true;
  const counts = await tx.smsLimits.countRange(range, slotOf(now - rangeWindowMs));
  if (!isPumped(counts)) return false;
  await tx.smsLimits.close(range, { country, until: now + rangeClosedMs });
  return true;
}

/** A step: until when the range of the number is closed; null for an open one. */
export async function findClosing(core: Core, tx: Tx, phoneE164: string): Promise<number | null> {
  const now = core.clock.now();
  const until = await tx.smsLimits.findClosing(rangeDigest(core.secrets, tx.orgKey, phoneE164), now);
  return until === null ? null : notBeyond(until, rangeClosedMs, now);
}

/** A step: opens the range of the number. False where it was not closed. */
export function openRange(core: Core, tx: Tx, phoneE164: string): Promise<boolean> {
  return tx.smsLimits.open(rangeDigest(core.secrets, tx.orgKey, phoneE164));
}

function addToRange(
  core: Core,
  tx: Tx,
  phoneE164: string,
  counts: { readonly texts: number; readonly returned: number },
): Promise<void> {
  const range = rangeDigest(core.secrets, tx.orgKey, phoneE164);
  return tx.smsLimits.addToRange(range, slotOf(core.clock.now()), counts);
}

/** The digest of a range in an organization: no organization sees what another one texts. */
function rangeDigest(secrets: SecretBox, orgKey: OrgKey, phoneE164: string): string {
  return secrets.keyedDigest('sms range', `${orgKey} ${rangeOf(phoneE164)}`);
}

function slotOf(instant: number): number {
  return Math.floor(instant / rangeSlotMs) * rangeSlotMs;
}

/** The first instant of the day (UTC). */
export function dayOf(instant: number): number {
  return Math.floor(instant / dayMs) * dayMs;
}
