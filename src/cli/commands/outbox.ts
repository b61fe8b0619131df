/**
 * Shows the messages of the development outbox, and those that wait for the job that puts them there, so that a
 * developer does not wait for that job. Never shows a message that a real sender is to send.
 */
import type { Config } from '../../config/config.ts';
import { settings } from '../../config/settings.ts';
import { canonicalEmail } from '../../core/directory/email-address.ts';
import { readPhone } from '../../core/directory/user-fields.ts';
import { type Message, type MessageContent, messageContext } from '../../core/messaging/message.ts';
import type { SecretBox } from '../../core/secret.ts';
import { toMillisecondText } from '../../core/time.ts';
import { bold, counted, dim } from '../layout.ts';
import { onDirectory } from '../operator.ts';
import { oneLine } from '../terminal-text.ts';

/** Reads the newest messages only, so that the command works with an outbox of any size. */
const messagesMax = 100_000;

export const show = onDirectory(async ({ core, config }, invocation) => {
  const messages = await core.work.readSystem('operator', (tx) => tx.messages.listWithContent(messagesMax));
  const to = invocation.find('to');
  const kept = messages.filter((message) => isForOutbox(message, config));
  const opened = kept.flatMap((message) => open(core.secrets, message));
  const shown = opened.filter(({ content }) => to === undefined || isSameAddress(content.to, to));
  return {
    json: shown.map(({ message, content }) => ({
      id: message.id,
      channel: message.channel,
      to: content.to,
      template: message.template,
      body: content.body,
      ...(content.code === undefined ? {} : { code: content.code }),
      ...(content.token === undefined ? {} : { token: content.token }),
      createdAt: toMillisecondText(message.createdAt),
    })),
    text: shown.length === 0 ? 'The outbox is empty.' : shown.map(toText).join('\n\n'),
    notes: opened.length < kept.length ? [unopened(kept.length - opened.length)] : [],
  };
});

function isForOutbox({ state, channel, isOutboxOnly }: Message, config: Config): boolean {
  return state === 'kept' || isOutboxOnly || config[channel].kind === 'outbox';
}

interface Opened {
  readonly message: Message;
  readonly content: MessageContent;
}

/** The message with its content; empty if it was sealed under a secret that this deployment does not have. */
function open(secrets: SecretBox, message: Message): Opened[] {
  try {
    const text = secrets.open(message.sealedContent ?? '', messageContext(message));
    return [{ message, content: JSON.parse(text) }];
  } catch {
    return [];
  }
}

function unopened(count: number): string {
  return `not shown: ${counted(count, 'message')} sealed under another ${settings.secret.name}`;
}

function isSameAddress(address: string, wanted: string): boolean {
  const phone = readPhone(wanted);
  if ('value' in phone) return phone.value.phoneE164 === address;
  return canonicalEmail(address) === canonicalEmail(wanted);
}

function toText({ message, content }: Opened): string {
  const head = `${toMillisecondText(message.createdAt)}  ${message.template} by ${message.channel} to ${content.to}`;
  const subject = content.subject === '' ? [] : [dim(oneLine(content.subject))];
  return [bold(oneLine(head)), ...subject, content.body].join('\n');
}
