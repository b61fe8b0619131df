/** The commands for staff accounts of the console; `catalogue.ts` includes them. */
import { staffRoles } from '../core/access/principal.ts';
import type { Command, Option } from './command.ts';

const argument = { name: 'ID|EMAIL', meaning: 'The account, by its id (`roster staff list`) or its email' };
const org: Option = { value: 'ID', meaning: 'The organization; needed where there are several' };
const only: Option = { value: 'ID', meaning: 'Of this organization only' };
const role: Option = {
  value: 'ROLE',
  meaning: 'What it may do in the console',
  choices: staffRoles,
  isRequired: true,
};

type Acts = typeof import('./commands/access/staff.ts');
const load = (pick: (acts: Acts) => Acts[keyof Acts]) => async () =>
  pick(await import('./commands/access/staff.ts'));

export const staffCommands: readonly Command[] = [
  {
    name: 'staff add',
    summary: 'Add a staff account of the console, with a one-time link',
    details:
      'The link is valid for seven days. Its person sets a password and a second factor with it. It is shown only once.',
    options: {
      org,
      email: { value: 'EMAIL', meaning: 'The address with which the person signs in', isRequired: true },
      name: { value: 'NAME', meaning: 'The name of the person', isRequired: true },
      role,
    },
    load: load(({ add }) => add),
  },
  {
    name: 'staff list',
    summary: 'List the staff accounts, oldest first',
    options: { org: only },
    load: load(({ list }) => list),
  },
  {
    name: 'staff role',
    summary: 'Give a staff account another role',
    details: 'It counts at once, also in sessions that are open. An organization keeps at least one owner.',
    argument,
    options: { org: only, role },
    load: load(({ changeRole }) => changeRole),
  },
  {
    name: 'staff email',
    summary: 'Give a staff account another address',
    details: 'The former address gets a notice. Password, second factors and sessions stay.',
    argument,
    options: {
      org: only,
      email: { value: 'EMAIL', meaning: 'The address with which the person signs in', isRequired: true },
    },
    load: load(({ changeEmail }) => changeEmail),
  },
  {
    name: 'staff remove',
    summary: 'Remove a staff account with its sessions',
    argument,
    options: { org: only, yes: { meaning: 'Do not ask for confirmation' } },
    load: load(({ remove }) => remove),
  },
  {
    name: 'staff link',
    summary: 'Make another one-time link for a staff account',
    details:
      'For a person who has lost the password or the second factor. Password, factors and sessions stay until the link is used.',
    argument,
    options: { org: only },
    load: load(({ link }) => link),
  },
];
