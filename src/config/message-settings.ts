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
  smsHome: optional('ROSTER_SMS_HOME', {
    section: 'Text messages',
    parser: read.country,
    otherwise: 'required with `ROSTER_SMS=twilio`, unless `ROSTER_SMS_COUNTRIES` is set',
    meaning:
      'The country in which the people of this deployment have their phones. It is the only one that is texted unless `ROSTER_SMS_COUNTRIES` names others.',
  }),
  smsCountries: optional('ROSTER_SMS_COUNTRIES', {
    section: 'Text messages',
    parser: read.countries,
    otherwise: 'the country in `ROSTER_SMS_HOME`',
    meaning:
      'The countries that a real sender may text; `all` opens every country, and the start warns of it. The codes for other numbers go by mail. See [operations](operations.md#what-text-messages-may-cost).',
  }),
  smsConcurrency: setting('ROSTER_SMS_CONCURRENCY', {
    section: 'Text messages',
    parser: read.wholeNumber(1, 256),
    fallback: '32',
    meaning:
      'Text messages that each process sends at the same time. Calls that take longer than a quarter of a second are not counted, so with them there are at most eight times as many.',
  }),
  smsBudgetDay: setting('ROSTER_SMS_BUDGET_DAY', {
    section: 'Text messages',
    parser: read.budget,
    fallback: '100',
    meaning:
      'What the text messages of one organization may cost in a day (UTC), in the currency of the prices; with the prices of Roster, US dollars. When it is spent, codes go by mail. `none` sets no limit, and the start warns of it.',
  }),
  smsPricesFile: optional('ROSTER_SMS_PRICES', {
    section: 'Text messages',
    parser: read.line,
    otherwise: 'the prices of Roster, estimates in US dollars',
    meaning:
      "A file with your sender's prices, by the beginning of the number; see [operations](operations.md#what-text-messages-may-cost).",
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
  emailConcurrency: setting('ROSTER_EMAIL_CONCURRENCY', {
    section: 'Email',
    parser: read.wholeNumber(1, 256),
    fallback: '16',
    meaning:
      'Emails that each process sends at the same time, each over a connection of its own; to one domain at most four. Mails that take longer than a quarter of a second are not counted, so with them there are at most four times as many connections: set a quarter of what the mail server allows each client.',
  }),
  emailFrom: optional('ROSTER_EMAIL_FROM', {
    section: 'Email',
    parser: read.mailbox,
    otherwise: 'required with `ROSTER_EMAIL=smtp`',
    meaning:
      'The sender address, as `no-reply@example.com` or `Example <no-reply@example.com>`. Messages show the name of their app in place of the name.',
  }),
} as const;
