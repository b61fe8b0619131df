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
    details: [
      'Writes person.json, a CSV file for each table, and manifest.json, which says what is held back and why. To verify an',
      'export, with or without a directory: `roster user export --verify FOLDER/manifest.json`.',
    ].join(' '),
    argument: {
      name: 'ID|EMAIL',
      meaning: 'An id in the format of any API, a number, an email, a phone or an external id',
      isOptional: true,
    },
    options: {
      org: { value: 'ID', meaning: 'Of this organization only' },
      out: { value: 'FOLDER', meaning: 'The folder to write to; it must not exist, or be empty' },
      verify: {
        value: 'FILE',
        meaning: 'Verify the manifest FILE and the files beside it; ends with 1 if they are not as signed',
      },
      jwks: {
        value: 'FILE',
        meaning: 'The public keys; default: those in the data folder (with --verify)',
      },
    },
    load: async () => (await import('./commands/people/person-export.ts')).exportOne,
  },
];
