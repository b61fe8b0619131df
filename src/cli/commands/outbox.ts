/**
 * Shows the messages of the development outbox, and those that wait for the job that puts them there, so that a
 * developer does not wait for that job. Never shows a message that a real sender is to send.
 */
import { settings } from '../../config/settings.ts';
import { canonicalEmail } from '../../core/directory/email-address.ts';
import { readPhone } from '../../core/directory/user-fields.ts';
import { isForOutbox, type OutboxMessage, openMessage } from '../../core/messaging/outbox.ts';
import { toMillisecondText } from '../../core/time.ts';
import { bold, counted, dim } from '../layout.ts';
import { onOrganizations } from '../operator.ts';
import { oneLine } from '../terminal-text.ts';

/** Reads the newest messages only, so that the command works with an outbox of any size. */
const messagesMax = 100_000;

export const show = onOrganizations(async ({ core, recordIn }, invocation) => {
  const messages = await core.work.readSystem('operator', (tx) => tx.messages.listWithContent(messagesMax));
  const to = invocation.find('to');
  const kept = messages.filter((message) => isForOutbox(core.policy, message));
  const opened = kept.map((message) => openMessage(core.secrets, message)).filter((each) => each !== null);
  const shown = opened.filter(({ content }) => to === undefined || isSameAddress(content.to, to));
  await recordIn(shown.map(({ message }) => message.orgKey));
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

function unopened(count: number): string {
  return `not shown: ${counted(count, 'message')} sealed under another ${settings.secret.name}`;
}

function isSameAddress(address: string, wanted: string): boolean {
  const phone = readPhone(wanted);
  if ('value' in phone) return phone.value.phoneE164 === address;
  return canonicalEmail(address) === canonicalEmail(wanted);
}

function toText({ message, content }: OutboxMessage): string {
  const head = `${toMillisecondText(message.createdAt)}  ${message.template} by ${message.channel} to ${content.to}`;
  const subject = content.subject === '' ? [] : [dim(oneLine(content.subject))];
  return [bold(oneLine(head)), ...subject, content.body].join('\n');
}
