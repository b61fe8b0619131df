/** The settings of text messages and email: the senders, and what text messages may cost. A part of the list in `settings.ts`. */
import { optional, setting } from './setting.ts';
import * as read from './setting-parsers.ts';

export const messageSettings = {
  sms: optional('ROSTER_SMS', {
    section: 'Text messages',
    parser: read.choice('outbox', 'twilio'),
    otherwise: '`outbox`; required in production',
    meaning: 'The sender of text messages. `outbox` sends nothing and stores them for `roster outbox`.',
  }),
  twilioAccountSid: optional('TWILIO_ACCOUNT_SID', {
    section: 'Text messages',
    parser: read.word,
    otherwise: 'required with `ROSTER_SMS=twilio`',
    meaning: 'The Twilio account that sends.',
  }),
  twilioAuthToken: optional('TWILIO_AUTH_TOKEN', {
    section: 'Text messages',
    parser: read.word,
    isSecret: true,
    otherwise: 'required with `ROSTER_SMS=twilio`',
    meaning: 'The token of that account.',
  }),
  twilioFrom: optional('TWILIO_FROM', {
    section: 'Text messages',
    parser: read.line,
    otherwise: 'required with `ROSTER_SMS=twilio`',
    meaning: 'The sender: a number, a sender name, or the id of a messaging service (`MG...`).',
  }),
  twilioBaseUrl: setting('TWILIO_BASE_URL', {
    section: 'Text messages',
    parser: read.webAddress,
    fallback: 'https://api.twilio.com',
    meaning:
      'The URL of the service; set another one for a proxy or a region. In production it is an https URL, or a URL of this machine.',
  }),
  email: optional('ROSTER_EMAIL', {
    section: 'Email',
    parser: read.choice('outbox', 'smtp'),
    otherwise: '`outbox`; required in production',
    meaning: 'The sender of email. `outbox` sends nothing and stores it for `roster outbox`.',
  }),
  smtpUrl: optional('ROSTER_SMTP_URL', {
    section: 'Email',
    parser: read.smtpAddress,
    isSecret: true,
    otherwise: 'required with `ROSTER_EMAIL=smtp`',
    meaning:
      'The mail server with user and password. `smtp://` uses STARTTLS if the server offers it, and requires it with `?requireTLS=true`; `smtps://` uses TLS from the start. Production demands one of the two, except for a server on this machine. New addresses with a local part outside ASCII are accepted once the server has announced that it takes them (SMTPUTF8).',
  }),
  emailFrom: optional('ROSTER_EMAIL_FROM', {
    section: 'Email',
    parser: read.mailbox,
    otherwise: 'required with `ROSTER_EMAIL=smtp`',
    meaning:
      'The sender address, as `no-reply@example.com` or `Example <no-reply@example.com>`. Messages show the name of their app in place of the name.',
  }),
} as const;
