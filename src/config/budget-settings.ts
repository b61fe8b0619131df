/** The settings of the budgets of messages. A part of the list in `settings.ts`. */
import { type Setting, setting } from './setting.ts';
import * as read from './setting-parsers.ts';

const limitMax = 1_000_000_000;

function limit(name: string, fallback: string, meaning: string): Setting<number> {
  return setting(name, { section: 'Limits', parser: read.wholeNumber(1, limitMax), fallback, meaning });
}

/** A limit of a day, which `none` switches off. */
function dayLimit(name: string, fallback: string, meaning: string): Setting<number | null> {
  return setting(name, { section: 'Limits', parser: read.wholeNumberOrNone(1, limitMax), fallback, meaning });
}

export const budgetSettings = {
  messagesAddressHour: limit(
    'ROSTER_LIMIT_ADDRESS_HOUR',
    '5',
    'Messages per hour to one email address or phone number, from all organizations together. More are dropped; an invitation is refused (429). Messages that only the owner of an account causes, to an address that the account has proved, count apart, by kind. See [operations](operations.md#budgets-of-messages).',
  ),
  messagesAddressDay: limit('ROSTER_LIMIT_ADDRESS_DAY', '10', 'The same in 24 hours.'),
  messagesAccountHour: limit(
    'ROSTER_LIMIT_ACCOUNT_HOUR',
    '10',
    'Codes and links per hour that one account causes, and notices to an email that it has not proved. More are refused (429); a notice is dropped.',
  ),
  smsOrganizationDay: dayLimit(
    'ROSTER_LIMIT_SMS_ORGANIZATION_DAY',
    '5000',
    'Text messages of one organization in a day (UTC). Further codes go by email.',
  ),
  smsDay: dayLimit(
    'ROSTER_LIMIT_SMS_DAY',
    '20000',
    'Text messages of the deployment in a day (UTC). Further codes go by email.',
  ),
  emailOrganizationDay: dayLimit(
    'ROSTER_LIMIT_EMAIL_ORGANIZATION_DAY',
    'none',
    'Emails of one organization in a day (UTC). More are refused (429), or dropped where an answer would tell a stranger something.',
  ),
  emailDay: dayLimit('ROSTER_LIMIT_EMAIL_DAY', 'none', 'The same for the emails of the deployment.'),
  invitationsDay: limit(
    'ROSTER_LIMIT_INVITATIONS_DAY',
    '10000',
    'Invitations that one API key, or one member of staff, sends in a day (UTC). More are refused (429).',
  ),
} as const;
