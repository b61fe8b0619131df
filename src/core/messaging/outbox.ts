/**
 * The development outbox: messages that are kept instead of sent, with their codes and links, and those that wait for the job that
 * keeps them. It never shows a message that a real sender is to send, and the console shows it in development only. A reader who sees
 * people masked gets the masked address alone: a text names the person, and its code or link acts for them.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core, Policy } from '../core.ts';
import { refuse } from '../errors.ts';
import { maskDestination, seesMasked } from '../people/masked-person.ts';
import { recordListAgain } from '../record/reads.ts';
import type { SecretBox } from '../secret.ts';
import { type Message, type MessageContent, messageContext } from './message.ts';

export interface OutboxMessage {
  readonly message: Message;
  readonly content: MessageContent;
}

/** Whether the message is in the outbox, or is to go there. */
export function isForOutbox(
  { outboxChannels }: Pick<Policy, 'outboxChannels'>,
  { state, channel, isOutboxOnly }: Pick<Message, 'state' | 'channel' | 'isOutboxOnly'>,
): boolean {
  return state === 'kept' || isOutboxOnly || outboxChannels.includes(channel);
}

/** The message with its content; null where it was sealed under a secret that this deployment does not have. */
export function openMessage(secrets: SecretBox, message: Message): OutboxMessage | null {
  try {
    const text = secrets.open(message.sealedContent ?? '', messageContext(message));
    return { message, content: JSON.parse(text) };
  } catch {
    return null;
  }
}

export interface ShownOutbox {
  readonly isMasked: boolean;
  /** With masked addresses and empty texts where `isMasked`. */
  readonly items: readonly OutboxMessage[];
}

/**
 * The newest messages of the organization's outbox. A look at messages to people is in the audit log, as a count by the hour: the page
 * looks again by itself. Refuses with `forbidden`, and always in production.
 */
export async function listOutbox(
  core: Core,
  principal: Principal,
  { limit }: { readonly limit: number },
): Promise<ShownOutbox> {
  authorize(principal, 'console.outbox.read');
  if (core.policy.isProduction) throw refuse('forbidden', {});
  const messages = await core.work.read(principal.orgKey, (tx) => tx.messages.listWithContent(limit));
  const items = messages
    .filter((message) => isForOutbox(core.policy, message))
    .map((message) => openMessage(core.secrets, message))
    .filter((opened) => opened !== null);
  const people = new Set(items.flatMap(({ message: { userId } }) => userId ?? []));
  if (people.size > 0) await recordListAgain(core, principal, people.size);
  const isMasked = seesMasked(principal);
  return { isMasked, items: isMasked ? items.map(maskMessage) : items };
}

function maskMessage({ message, content }: OutboxMessage): OutboxMessage {
  const to = maskDestination(message.channel, content.to);
  return { message, content: { to, subject: '', body: '' } };
}
