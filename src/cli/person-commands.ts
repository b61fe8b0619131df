/** The commands that act on one user, found by any identifier; `catalogue.ts` includes them. */
import { userRoles } from '../core/directory/user.ts';
import { messageStates } from '../core/messaging/message.ts';
import { resendKinds } from '../core/people/person-act.ts';
import type { Command, Handler, Option } from './command.ts';

const argument = {
  name: 'ID|EMAIL',
  meaning: 'An id in the format of any API, a number, an email, a phone or an external id',
};
const org: Option = { value: 'ID', meaning: 'Of this organization only' };
const yes: Option = { meaning: 'Do not ask for confirmation' };

/** A page of messages is read with those before it. */
const messagePagesMax = 1_000;

type Acts = typeof import('./commands/person.ts');

function command(
  name: string,
  summary: string,
  pick: (acts: Acts) => Handler,
  more: { readonly details?: string; readonly options?: Readonly<Record<string, Option>> } = {},
): Command {
  return {
    name: `user ${name}`,
    summary,
    ...(more.details === undefined ? {} : { details: more.details }),
    argument,
    options: { org, ...more.options },
    load: async () => pick(await import('./commands/person.ts')),
  };
}

export const personCommands: readonly Command[] = [
  command('confirm', 'Confirm a user without a code', ({ confirmUser }) => confirmUser, {
    details: 'A pending user becomes active. No address is proved by it.',
  }),
  command('resend', 'Send the code, the invitation or the proof of the email again', ({ resend }) => resend, {
    options: {
      what: {
        value: 'WHAT',
        meaning: 'What to send; default: what the user waits for',
        choices: resendKinds,
      },
    },
  }),
  command('reset', 'Send a link to set a password', ({ sendReset }) => sendReset),
  command('sessions', 'List the sessions of a user, newest first', ({ sessions }) => sessions),
  command('end-sessions', 'End every session of a user', ({ endSessions }) => endSessions, {
    details: 'Open Connect pages end too.',
    options: { yes },
  }),
  command('unlock', 'End the locks after wrong passwords and codes', ({ unlock }) => unlock, {
    details: 'Also forgets how many codes and links were sent, so that the next one is not refused.',
  }),
  command('cancel', 'Make a user inactive and end the sessions', ({ cancel }) => cancel, {
    details: 'The data stays, and `roster user reinstate` brings the user back.',
    options: { yes },
  }),
  command('reinstate', 'Bring a cancelled user back', ({ reinstate }) => reinstate),
  command('role', 'Give a user another role', ({ changeRole }) => changeRole, {
    options: {
      to: { value: 'ROLE', meaning: 'The new role', choices: userRoles, isRequired: true },
      yes,
    },
  }),
  command(
    'clinical',
    'Approve a user as a clinician, or take it back',
    ({ changeClinical }) => changeClinical,
    {
      options: {
        approved: {
          value: 'ANSWER',
          meaning: 'Whether the user is approved',
          choices: ['yes', 'no'],
          isRequired: true,
        },
        yes,
      },
    },
  ),
  command('rename', 'Give a user another external id', ({ rename }) => rename, {
    options: {
      to: { value: 'ID', meaning: 'The new external id; "none" removes it', isRequired: true },
    },
  }),
  command('edit', 'Change fields of a user', ({ edit }) => edit, {
    details: 'The rules of the fields are those of the APIs. "none" clears a phone or a date of birth.',
    options: {
      email: { value: 'EMAIL', meaning: 'The email, which is then unproved' },
      'first-name': { value: 'NAME', meaning: 'The first name' },
      'last-name': { value: 'NAME', meaning: 'The last name' },
      phone: { value: 'PHONE', meaning: 'The phone, with + and the country code; it gets a code' },
      'date-of-birth': { value: 'DATE', meaning: 'The date of birth, such as 1980-12-31' },
      language: { value: 'TAG', meaning: 'The language, such as "es"' },
      timezone: { value: 'NAME', meaning: 'The time zone, such as Europe/Paris' },
    },
  }),
  command('delete', 'Delete a user permanently', ({ deleteOne }) => deleteOne, {
    details:
      'Connections are revoked at their providers. `roster erasure show` shows how far the erasure is.',
    options: { yes },
  }),
  {
    name: 'message list',
    summary: 'List messages and what became of them, newest first',
    details: 'Texts, codes and links are not shown. In development `roster outbox` shows them.',
    options: {
      user: { value: 'ID|EMAIL', meaning: 'To this user only' },
      org: { value: 'ID', meaning: 'Of this organization only' },
      state: { value: 'STATE', meaning: 'In this state only', choices: messageStates },
      limit: { value: 'N', meaning: 'Messages per page; default: 50', range: { min: 1, max: 10_000 } },
      page: { value: 'N', meaning: 'The page, from 1', range: { min: 1, max: messagePagesMax } },
    },
    load: async () => (await import('./commands/messages.ts')).list,
  },
];
