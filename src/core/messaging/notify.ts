/**
 * Tells a person about a change of the account, at every address that is proved: an unproved one may be another person's. A
 * text that may not be sent is left out.
 */
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import type { Tx } from '../unit-of-work.ts';
import type { MessageTemplate } from './message.ts';
import { queueMessage } from './queue-message.ts';
import { costOf, noteText, offerText } from './sms-limits.ts';

/** The messages that go to the proved addresses, by SMS and email alike. */
export type Notice = Extract<
  MessageTemplate,
  'new_network' | 'email_changed' | 'phone_changed' | 'password_changed'
>;

/** A step: queues the notice to each proved address of the user. */
export async function notify(core: Core, tx: Tx, user: User, template: Notice): Promise<void> {
  const { email, emailProvedAt, phoneE164, phoneProvedAt } = user;
  if (email !== null && emailProvedAt !== null) {
    await queueMessage(core, tx, user, { template, channel: 'email', to: email });
  }
  if (phoneE164 !== null && phoneProvedAt !== null) {
    const text = { template, to: phoneE164 };
    const offer = await offerText(core, tx, user, text);
    if (offer.kind === 'diverted') return;
    const spent = await queueMessage(core, tx, user, { ...text, channel: 'sms', ...costOf(offer) });
    if (spent === null) await noteText(core, tx, text, offer);
  }
}
