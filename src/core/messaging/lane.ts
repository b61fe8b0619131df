/**
 * The lanes of messages, and what two messages of one destination have in common. Each channel has a lane for each kind of
 * message. A lane that comes earlier in the list of kinds is served first: a person waits for a code, and often for a
 * link; an invitation may be one of thousands; a notice asks for nothing.
 */
import { canonicalEmail } from '../directory/email-address.ts';
import type { SecretBox } from '../secret.ts';
import type { Channel, MessageTemplate } from './message.ts';

/** The kinds of messages, the most urgent first. */
export const messageKinds = ['code', 'link', 'invitation', 'notice'] as const;
export type MessageKind = (typeof messageKinds)[number];

/** The name of a lane. */
export type MessageLane = `${Channel}_${MessageKind}`;

/**
 * `email_taken` and `sign_up_attempt` are sent in place of a link, where the deployment tells no accounts: they share its
 * lane, so that load delays them alike.
 */
const kinds: Readonly<Record<MessageTemplate, MessageKind>> = {
  confirmation: 'code',
  email_proof: 'link',
  password_reset: 'link',
  email_change: 'link',
  email_undo: 'link',
  email_taken: 'link',
  sign_up_attempt: 'link',
  invitation: 'invitation',
  email_changed: 'notice',
  phone_changed: 'notice',
  password_changed: 'notice',
  new_network: 'notice',
  staff_email_changed: 'notice',
};

export function kindOf(template: MessageTemplate): MessageKind {
  return kinds[template];
}

export function laneOf(channel: Channel, template: MessageTemplate): MessageLane {
  return laneFor(channel, kinds[template]);
}

export function laneFor(channel: Channel, kind: MessageKind): MessageLane {
  return `${channel}_${kind}`;
}

/** 96 bits, because each waiting message has it in an index. */
const destinationLength = 16;

/**
 * A keyed digest of the destination: the domain of an email, the whole number of a text message. Messages of one
 * destination are sent only a few at a time.
 */
export function destinationDigest(secrets: SecretBox, channel: Channel, to: string): string {
  const destination = channel === 'sms' ? to : canonicalEmail(to).replace(/^.*@/s, '');
  return secrets.keyedDigest(`destination of ${channel}`, destination).slice(0, destinationLength);
}
