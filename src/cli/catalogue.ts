/**
 * The table of all commands. The help and the parser of command lines read it; each command is implemented in the file
 * that it loads.
 */

import { keyRoles } from '../core/access/principal.ts';
import { figureDaysDefault, figureDaysMax } from '../core/figures/figures.ts';
import { formerHoursMax } from '../core/keys/api-key.ts';
import { connectionStates } from '../core/providers/connection.ts';
import { transferColumns } from '../core/transfer/columns.ts';
import { auditCommands } from './audit-commands.ts';
import type { Command, Option } from './command.ts';
import { shells } from './completion/shells.ts';
import { databaseCommands } from './database-commands.ts';
import { erasureCommands } from './erasure-commands.ts';
import { limitCommands } from './limit-commands.ts';
import { personCommands } from './person-commands.ts';
import { staffCommands } from './staff-commands.ts';
import { formats } from './transfer/row-cutter.ts';
import { userCommands } from './user-commands.ts';

const organization: Option = {
  value: 'ID',
  meaning: 'The organization, by its id (`roster org list`)',
  isRequired: true,
};
const organizationArgument = { name: 'ID', meaning: 'The organization, by its id (`roster org list`)' };
const onlyOrganization: Option = { value: 'ID', meaning: 'Of this organization only' };
const name: Option = { value: 'NAME', meaning: 'Its name', isRequired: true };
const newName: Option = { value: 'NAME', meaning: 'Its new name', isRequired: true };
const keyArgument = { name: 'ID', meaning: 'The key, by its id (`roster key list`)' };
const appArgument = { name: 'APPID', meaning: 'The app, by its id (`roster app list`)' };
const format: Option = {
  value: 'FORMAT',
  meaning: 'The format; default: by the name of the file',
  choices: formats,
};
const force: Option = { meaning: 'Replace a file that exists' };
const beginAnew: Option = {
  meaning: 'Begin an empty directory in a data folder whose database is lost',
};
const shownOnce = 'The key is shown only once.';
const keyDays = { min: 1, max: 36_500 };

export const commands: readonly Command[] = [
  {
    name: 'serve',
    summary: 'Serve the APIs',
    details:
      'On an empty data folder the first start creates an organization and shows its credentials, only once.\n' +
      'After SIGINT or SIGTERM it answers the open requests and ends; after a second signal it ends immediately.',
    options: {
      host: { value: 'HOST', meaning: 'The address to listen on, in place of HOST', setting: 'HOST' },
      port: { value: 'PORT', meaning: 'The port to listen on, in place of PORT', setting: 'PORT' },
      workers: {
        value: 'COUNT',
        meaning: 'How many processes serve, in place of ROSTER_WORKERS',
        setting: 'ROSTER_WORKERS',
      },
      'begin-anew': beginAnew,
    },
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  ...databaseCommands,
  {
    name: 'init',
    summary: 'Create the first organization of an empty directory',
    details: 'With one app and one API key of the role admin. The keys are shown only once.',
    options: {
      name: { value: 'NAME', meaning: 'Its name; default: "Default"' },
      'begin-anew': beginAnew,
    },
    load: async () => (await import('./commands/organizations.ts')).init,
  },
  {
    name: 'org create',
    summary: 'Create an organization with one app and one API key',
    details: 'The keys are shown only once.',
    options: { name },
    load: async () => (await import('./commands/organizations.ts')).createOne,
  },
  {
    name: 'org list',
    summary: 'List the organizations, oldest first',
    options: {
      limit: { value: 'N', meaning: 'Organizations per page; default: 100', range: { min: 1, max: 1_000 } },
      page: { value: 'N', meaning: 'The page, from 1', range: { min: 1, max: 1_000_000_000 } },
    },
    load: async () => (await import('./commands/organizations.ts')).list,
  },
  {
    name: 'org rename',
    summary: 'Give an organization another name',
    details: 'Invitations name the organization.',
    argument: organizationArgument,
    options: { name: newName },
    load: async () => (await import('./commands/organizations.ts')).rename,
  },
  {
    name: 'key create',
    summary: 'Create an API key for an organization',
    details: shownOnce,
    options: {
      org: organization,
      role: { value: 'ROLE', meaning: 'What the key may do', choices: keyRoles, isRequired: true },
      name: { value: 'NAME', meaning: 'A name for people, such as the program that uses it' },
      expires: {
        value: 'DAYS',
        meaning: 'Days until the key expires; default: it does not expire',
        range: keyDays,
      },
    },
    load: async () => (await import('./commands/keys.ts')).create,
  },
  {
    name: 'key list',
    summary: 'List the API keys, oldest first',
    details: 'With the hour of the last use, and the network (a /24 or a /48) that it came from.',
    options: { org: onlyOrganization },
    load: async () => (await import('./commands/keys.ts')).list,
  },
  {
    name: 'key set',
    summary: 'Give an API key another name or end, or end the key that a rotation has replaced',
    argument: keyArgument,
    options: {
      name: { value: 'NAME', meaning: 'Its new name' },
      expires: { value: 'DAYS', meaning: 'Days until the key expires', range: keyDays },
      'no-end': { meaning: 'The key does not expire' },
      'end-former': { meaning: 'Refuse the key that the last rotation has replaced, at once' },
    },
    load: async () => (await import('./commands/keys.ts')).set,
  },
  {
    name: 'key rotate',
    summary: 'Replace an API key',
    details:
      'The old key is refused immediately, or works for some more hours, in which the programs that use it get the new one.\n' +
      shownOnce,
    argument: keyArgument,
    options: {
      'keep-hours': {
        value: 'HOURS',
        meaning:
          'How long the old key still works, unless `key set --end-former` ends it; default: not at all',
        range: { min: 0, max: formerHoursMax },
      },
    },
    load: async () => (await import('./commands/keys.ts')).rotate,
  },
  {
    name: 'key revoke',
    summary: 'Revoke an API key permanently',
    argument: keyArgument,
    options: {},
    load: async () => (await import('./commands/keys.ts')).revoke,
  },
  {
    name: 'admin create',
    summary: 'Create a confirmed user with the role admin and a first session',
    details: 'The password comes from ROSTER_ADMIN_PASSWORD; without it the command asks on the terminal.',
    options: {
      org: organization,
      email: { value: 'EMAIL', meaning: 'The email of the user', isRequired: true },
    },
    load: async () => (await import('./commands/access/admin.ts')).createOne,
  },
  {
    name: 'app create',
    summary: 'Create an app in an organization',
    details: shownOnce,
    options: { org: organization, name },
    load: async () => (await import('./commands/apps.ts')).create,
  },
  {
    name: 'app list',
    summary: 'List the apps, oldest first',
    options: { org: onlyOrganization },
    load: async () => (await import('./commands/apps.ts')).list,
  },
  {
    name: 'app rename',
    summary: 'Give an app another name',
    details: 'Messages and web pages name the app.',
    argument: appArgument,
    options: { name: newName },
    load: async () => (await import('./commands/apps.ts')).rename,
  },
  {
    name: 'app brand',
    summary: 'Give an app a colour and a logo, which web pages show',
    details: 'The pages keep enough contrast for every colour, in light and in dark.',
    argument: appArgument,
    options: {
      colour: { value: 'COLOUR', meaning: 'Six hex digits such as "#1a2b3c"; "none" removes it' },
      logo: {
        value: 'FILE',
        meaning: 'A PNG, JPEG or WebP file of at most 64 KiB; "none" removes it',
      },
    },
    load: async () => (await import('./commands/apps.ts')).brand,
  },
  {
    name: 'app rotate',
    summary: 'Replace the key or the client secret of an app; the old one is refused immediately',
    details: shownOnce,
    argument: appArgument,
    options: {
      'client-secret': { meaning: 'Replace the client secret, and not the key' },
    },
    load: async () => (await import('./commands/apps.ts')).rotate,
  },
  {
    name: 'app set',
    summary: 'Change an app',
    argument: appArgument,
    options: {
      signup: {
        value: 'STATE',
        meaning: 'Whether people may sign up by themselves',
        choices: ['open', 'closed'],
      },
      'one-account': {
        value: 'STATE',
        meaning: "Whether a provider's account is refused that is linked to another user of the app",
        choices: ['on', 'off'],
      },
      origins: {
        value: 'LIST',
        meaning:
          'Web origins whose pages may show the Connect page, separated by commas; "none" for no origin',
      },
    },
    load: async () => (await import('./commands/apps.ts')).set,
  },
  ...userCommands,
  ...personCommands,
  ...staffCommands,
  {
    name: 'import',
    summary: 'Import users from a CSV or NDJSON file',
    details:
      `Columns, all optional: ${transferColumns.join(', ')}.\n` +
      'To resume an interrupted import, run the same command again. Rows that cannot be imported are skipped;\n' +
      'the rejects file lists their lines and the reasons.',
    argument: { name: 'FILE', meaning: 'The file, or - for standard input' },
    options: {
      org: organization,
      app: { value: 'APPID', meaning: "The app of the new users; default: the organization's first" },
      format,
      rejects: { value: 'FILE', meaning: 'The rejects file; default: a new one beside FILE' },
      force,
      resume: {
        value: 'NAME',
        meaning: 'The name of the import, to resume it; default: the digest of the file',
      },
      'without-unsupported-passwords': {
        meaning: 'Import users whose password hash is not supported without a password',
      },
      'dry-run': { meaning: 'Report what would be imported and rejected, and change nothing' },
    },
    load: async () => (await import('./commands/import.ts')).importUsers,
  },
  {
    name: 'export',
    summary: 'Write the users of an organization as CSV or NDJSON, oldest first',
    options: {
      org: organization,
      app: { value: 'APPID', meaning: 'Users of this app only' },
      format,
      out: {
        value: 'FILE',
        meaning: 'The file to write, or - for standard output; default: standard output',
        takesDash: true,
      },
      force,
      'with-password-hashes': { meaning: 'Write password hashes too' },
    },
    load: async () => (await import('./commands/export.ts')).exportAll,
  },
  {
    name: 'demo',
    summary: 'Fill an organization with demo users, or erase exactly them',
    details: [
      'Their names are made up, their addresses end in example.com, and no message leaves for them. They have sessions, messages,',
      'connections to the demo provider and 90 days of history. In production only an organization without other users gets some.',
    ].join(' '),
    options: {
      users: { value: 'N', meaning: 'How many to add', range: { min: 1, max: 1_000_000 } },
      remove: { meaning: 'Erase all demo users of the organization; its apps stay' },
      org: { value: 'ID', meaning: 'The organization; needed where there are several' },
      yes: { meaning: 'Do not ask for confirmation' },
    },
    load: async () => (await import('./commands/people/demo.ts')).demo,
  },
  {
    name: 'passwords build',
    summary: 'Build the file of breached passwords from a list of SHA-1 hashes',
    details: [
      'FILE has a line HASH:COUNT for each password, in any order, as Have I Been Pwned publishes it; or it is a folder',
      'with a file for each range (00000.txt to FFFFF.txt). ROSTER_BREACHED_PASSWORDS then names the new file.',
    ].join(' '),
    argument: { name: 'FILE', meaning: 'The list, or the folder of ranges' },
    options: {
      out: {
        value: 'FILE',
        meaning: 'The file to write; default: the one of ROSTER_BREACHED_PASSWORDS, else FILE.breached',
      },
      force,
    },
    load: async () => (await import('./commands/passwords.ts')).build,
  },
  {
    name: 'provider list',
    summary: 'List the providers and their health',
    details: 'Grants that wait to be revoked and failing refreshes show an outage of a provider.',
    options: {},
    load: async () => (await import('./commands/connections.ts')).providers,
  },
  {
    name: 'connection list',
    summary: 'List the connections to providers, newest first',
    options: {
      user: { value: 'ID|EMAIL', meaning: 'Of this user only' },
      status: { value: 'STATE', meaning: 'In this state only', choices: connectionStates },
    },
    load: async () => (await import('./commands/connections.ts')).list,
  },
  {
    name: 'connection abandon',
    summary: 'Stop waiting for a provider that never confirms a disconnect',
    details:
      'For a connection that is overdue. Asks first, then deletes the grants: after that, the access cannot be revoked from here.\nThe connection stays overdue, and never counts as confirmed.',
    argument: { name: 'ID', meaning: 'The connection, by its id (`roster connection list`)' },
    options: { yes: { meaning: 'Do not ask for confirmation' } },
    load: async () => (await import('./commands/connections.ts')).abandon,
  },
  {
    name: 'reseal',
    summary: 'Reseal everything that a former secret sealed',
    details:
      'Run it after a change of ROSTER_SECRET, once every server has the new secret, and the former one in\nROSTER_OLD_SECRETS. After it the former secret can be removed.',
    options: {},
    load: async () => (await import('./commands/reseal.ts')).resealAll,
  },
  {
    name: 'outbox',
    summary: 'Show the messages in the development outbox, newest first',
    options: { to: { value: 'ADDRESS', meaning: 'To this email or phone number only' } },
    load: async () => (await import('./commands/outbox.ts')).show,
  },
  {
    name: 'overview',
    summary:
      'Show the figures of an organization: users, erasures, and what happened on each of the last days',
    details:
      'The figures of the overview of the console. Days begin at midnight UTC; shed requests are those of the whole deployment.',
    options: {
      org: { value: 'ID', meaning: 'The organization; needed where there are several' },
      days: {
        value: 'N',
        meaning: `How many days, today included; default: ${figureDaysDefault}`,
        range: { min: 1, max: figureDaysMax },
      },
    },
    load: async () => (await import('./commands/people/overview.ts')).overview,
  },
  ...auditCommands,
  ...limitCommands,
  ...erasureCommands,
  {
    name: 'completion',
    summary: 'Print the script with which a shell completes commands and options',
    details:
      'bash: eval "$(roster completion bash)" in ~/.bashrc; zsh: the same with zsh, after compinit, in ~/.zshrc;\n' +
      'fish: roster completion fish > ~/.config/fish/completions/roster.fish',
    argument: { name: 'SHELL', meaning: 'The shell', choices: shells },
    options: {},
    load: async () => (await import('./commands/completion.ts')).completionOf(commands),
  },
];
