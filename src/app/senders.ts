/**
 * The sender of each channel, as the settings name it. A further kind of sender is a choice in `config/message-settings.ts`, its
 * settings in `config/config.ts`, a file in `gateways/` and a case here; the compiler asks for the case.
 */
import type { EmailConfig, Secrets, SmsConfig } from '../config/config.ts';
import type { Channel } from '../core/messaging/message.ts';
import { type MessageSender, sendsMax } from '../core/messaging/sender.ts';
import { outboxSender } from '../gateways/outbox-sender.ts';
import type { DirectoryOptions, MailAbilities } from './open-directory.ts';

export type Senders = Readonly<Record<Channel, MessageSender>>;

/** The senders that the settings name. Loads the client of a service only if it is used. */
export async function createSenders(
  { config: { sms, email, sendConcurrency }, secrets }: DirectoryOptions,
  abilities: MailAbilities,
): Promise<Senders> {
  return {
    sms: await createSmsSender(sms, secrets),
    email: await createEmailSender(email, secrets, abilities, sendsMax('email', sendConcurrency.email)),
  };
}

async function createSmsSender(sms: SmsConfig, { twilioAuthToken }: Secrets): Promise<MessageSender> {
  switch (sms.kind) {
    case 'outbox':
      return outboxSender;
    case 'twilio': {
      const { createTwilioSender } = await import('../gateways/twilio-sender.ts');
      return createTwilioSender({ ...sms, authToken: required(twilioAuthToken) });
    }
  }
}

async function createEmailSender(
  email: EmailConfig,
  { smtpUrl }: Secrets,
  abilities: MailAbilities,
  connectionsMax: number,
): Promise<MessageSender> {
  switch (email.kind) {
    case 'outbox':
      return outboxSender;
    case 'smtp': {
      const { createSmtpSender } = await import('../gateways/smtp-sender.ts');
      return createSmtpSender({
        ...{ ...email, url: required(smtpUrl), connectionsMax },
        onAnnounced(takesUnicode) {
          abilities.takesUnicode = takesUnicode;
        },
      });
    }
  }
}

/** The settings are complete: `readConfig` refuses a sender without its secret. */
function required(secret: string | null): string {
  if (secret === null) throw new Error('a sender was chosen without its secret');
  return secret;
}
