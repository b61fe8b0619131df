/** The commands that find and show users; `catalogue.ts` includes them. */
import { pageSizeMax } from '../core/directory/paging.ts';
import { userRoles, userStatuses } from '../core/directory/user.ts';
import type { Command, Option } from './command.ts';

const answers = ['yes', 'no'] as const;
const time = 'a time such as 2025-01-20T08:30:00Z, or a date';

const filters: Readonly<Record<string, Option>> = {
  org: { value: 'ID', meaning: 'Of this organization; needed where there are several' },
  status: { value: 'STATUS', meaning: 'With this status only', choices: userStatuses },
  role: { value: 'ROLE', meaning: 'With this role only', choices: userRoles },
  app: { value: 'APPID', meaning: 'Of this app only' },
  confirmed: { value: 'ANSWER', meaning: 'Whether the user is confirmed', choices: answers },
  proved: { value: 'ANSWER', meaning: 'Whether the email or the phone is proved', choices: answers },
  clinical: { value: 'ANSWER', meaning: 'Whether the user is approved as a clinician', choices: answers },
  provider: { value: 'NAME', meaning: 'Connected to this provider' },
  'created-since': { value: 'TIME', meaning: `Created from then on: ${time}` },
  'created-until': { value: 'TIME', meaning: 'Created before then' },
  'seen-since': { value: 'TIME', meaning: 'Last signed in from then on' },
  'seen-until': { value: 'TIME', meaning: 'Last signed in before then' },
};

export const userCommands: readonly Command[] = [
  {
    name: 'user find',
    summary: 'Find users by email, name, phone or any id, the best matches first',
    details: [
      'One character finds the beginnings of words, three find every part. Case and accents do not matter, and a phone may be',
      'written in any way. Filters combine; without TEXT the newest users come first. Where more users match than a',
      'search looks for, the total is a number that there are at least.',
    ].join(' '),
    argument: { name: 'TEXT', meaning: 'What to look for; several words in quotes', isOptional: true },
    options: {
      ...filters,
      limit: { value: 'N', meaning: 'Users per page; default: 20', range: { min: 1, max: pageSizeMax } },
      page: { value: 'N', meaning: 'The page, from 1', range: { min: 1, max: 1_000_000_000 } },
    },
    load: async () => (await import('./commands/find.ts')).find,
  },
  {
    name: 'user show',
    summary: 'Show a user as each API does, and the fields that no API shows',
    argument: {
      name: 'ID|EMAIL',
      meaning: 'An id in the format of any API, a number, an email, a phone or an external id',
    },
    options: { org: { value: 'ID', meaning: 'Of this organization only' } },
    load: async () => (await import('./commands/user.ts')).show,
  },
  {
    name: 'user export',
    summary: 'Export everything that the directory has of one person, with a signed manifest',
    details:
      'Writes person.json, a CSV file for each table, and manifest.json, which says what is held back and why.',
    argument: {
      name: 'ID|EMAIL',
      meaning: 'An id in the format of any API, a number, an email, a phone or an external id',
    },
    options: {
      org: { value: 'ID', meaning: 'Of this organization only' },
      out: {
        value: 'FOLDER',
        meaning: 'The folder to write to; it must not exist, or be empty',
        isRequired: true,
      },
    },
    load: async () => (await import('./commands/people/person-export.ts')).exportOne,
  },
  {
    name: 'user verify-export',
    summary: 'Verify the manifest of an export of one person, and the files beside it',
    details: 'Ends with 1 if a file was changed, is missing or is not in the manifest. Needs no directory.',
    argument: { name: 'FILE', meaning: 'The manifest.json of the export' },
    options: {
      jwks: {
        value: 'FILE',
        meaning: 'The keys, as at /.well-known/jwks.json; default: those in the data folder',
      },
    },
    load: async () => (await import('./commands/people/person-export.ts')).verifyExport,
  },
];
