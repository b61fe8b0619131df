/**
 * Every command there is. The help and the reading of command lines come from this table; what a command does is
 * in the file that it loads.
 */
import { keyRoles } from '../core/access/principal.ts';
import { connectionStates } from '../core/providers/connection.ts';
import { transferColumns } from '../core/transfer/columns.ts';
import type { Command, Option } from './command.ts';
import { erasureCommands } from './erasure-commands.ts';
import { formats } from './transfer/row-cutter.ts';

const organization: Option = {
  value: 'ID',
  meaning: 'The organization, by its id (`roster org list`)',
  isRequired: true,
};
const onlyOrganization: Option = { value: 'ID', meaning: 'Of this organization only' };
const name: Option = { value: 'NAME', meaning: 'What people call it', isRequired: true };
const keyArgument = { name: 'ID', meaning: 'The key, by its id (`roster key list`)' };
const appArgument = { name: 'APPID', meaning: 'The app, by its id (`roster app list`)' };
const format: Option = { value: 'FORMAT', meaning: 'As the file is named unless given', choices: formats };
const shownOnce = 'The key is shown once and never again.';

export const commands: readonly Command[] = [
  {
    name: 'serve',
    summary: 'Serve the APIs',
    details:
      'On an empty data folder the first start makes an organization with its credentials and shows them once.\n' +
      'Ends on SIGINT or SIGTERM when the requests at work are answered, on a second one at once.',
    options: {
      host: { value: 'HOST', meaning: 'The address to listen on, in place of HOST', setting: 'HOST' },
      port: { value: 'PORT', meaning: 'The port to listen on, in place of PORT', setting: 'PORT' },
      workers: {
        value: 'COUNT',
        meaning: 'How many processes serve, in place of ROSTER_WORKERS',
        setting: 'ROSTER_WORKERS',
      },
    },
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  {
    name: 'migrate',
    summary: 'Bring the database up to date',
    details: '`roster serve` does so by itself.',
    options: {},
    load: async () => (await import('./commands/migrate.ts')).migrate,
  },
  {
    name: 'check',
    summary: 'Recount what is kept as counts, and look through the database',
    details:
      'Ends with 1 where something is wrong and stays so. Reads everything there is, also while a server runs.',
    options: {
      repair: { meaning: 'Make wrong counts right' },
      org: { value: 'ID', meaning: 'Recount this organization only' },
    },
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'move',
    summary: 'Move the directory from its file to PostgreSQL',
    details: [
      'Stop the server first: a folder that somebody works on is not moved. An interrupted move is gone on with by',
      'calling it again. Every table is read back and compared; the file stays as it is.',
    ].join(' '),
    options: {
      to: {
        value: 'URL',
        isRequired: true,
        meaning: 'The database: postgres://user:password@host:5432/name',
      },
    },
    load: async () => (await import('./commands/move.ts')).move,
  },
  {
    name: 'init',
    summary: 'Make the first organization of an empty directory',
    details: `With one app and one API key of the role admin. Keys are shown once and never again.`,
    options: { name: { value: 'NAME', meaning: 'What people call it, "Default" unless given' } },
    load: async () => (await import('./commands/organizations.ts')).init,
  },
  {
    name: 'org create',
    summary: 'Make an organization with one app and one API key',
    details: 'The keys are shown once and never again.',
    options: { name },
    load: async () => (await import('./commands/organizations.ts')).createOne,
  },
  {
    name: 'org list',
    summary: 'List the organizations, oldest first',
    options: {},
    load: async () => (await import('./commands/organizations.ts')).list,
  },
  {
    name: 'key create',
    summary: 'Make an API key for an organization',
    details: shownOnce,
    options: {
      org: organization,
      role: { value: 'ROLE', meaning: 'What the key may do', choices: keyRoles, isRequired: true },
      expires: {
        value: 'DAYS',
        meaning: 'Days until the key ends; it does not end unless given',
        range: { min: 1, max: 36_500 },
      },
    },
    load: async () => (await import('./commands/keys.ts')).create,
  },
  {
    name: 'key list',
    summary: 'List the API keys, oldest first',
    options: { org: onlyOrganization },
    load: async () => (await import('./commands/keys.ts')).list,
  },
  {
    name: 'key rotate',
    summary: 'Give an API key another secret; the present one stops at once',
    details: shownOnce,
    argument: keyArgument,
    options: {},
    load: async () => (await import('./commands/keys.ts')).rotate,
  },
  {
    name: 'key revoke',
    summary: 'End an API key for good',
    argument: keyArgument,
    options: {},
    load: async () => (await import('./commands/keys.ts')).revoke,
  },
  {
    name: 'admin create',
    summary: 'Make a confirmed user with the role admin and a first session',
    details: 'The password comes from ROSTER_ADMIN_PASSWORD, else it is asked for on the terminal.',
    options: { org: organization, email: { value: 'EMAIL', meaning: 'Their address', isRequired: true } },
    load: async () => (await import('./commands/admin.ts')).createOne,
  },
  {
    name: 'app create',
    summary: 'Make an app in an organization',
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
    name: 'app rotate',
    summary: 'Give an app another key or client secret; the present one stops at once',
    details: shownOnce,
    argument: appArgument,
    options: {
      'client-secret': { meaning: 'Another client secret, and not another key' },
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
        meaning: 'Whether strangers may sign up',
        choices: ['open', 'closed'],
      },
      origins: {
        value: 'LIST',
        meaning: 'Web origins whose pages may show Connect, separated by commas; "none" for no page',
      },
    },
    load: async () => (await import('./commands/apps.ts')).set,
  },
  {
    name: 'user show',
    summary: 'Show a user as each API does, and what none shows',
    argument: { name: 'ID|EMAIL', meaning: 'An id in the spelling of any API, a number, or an email' },
    options: { org: onlyOrganization },
    load: async () => (await import('./commands/user.ts')).show,
  },
  {
    name: 'import',
    summary: 'Bring users in from a file of CSV or NDJSON',
    details:
      `Columns, all of them optional: ${transferColumns.join(', ')}.\n` +
      'An import that was interrupted goes on where it stopped when the same command is given again. Rows that\n' +
      'cannot be imported are left out and listed in the rejects file by their line, with the reason.',
    argument: { name: 'FILE', meaning: 'The file, or - for standard input' },
    options: {
      org: organization,
      app: { value: 'APPID', meaning: "The app that the users go to, the organization's first unless given" },
      format,
      rejects: { value: 'FILE', meaning: 'Where the rejects go, beside the file unless given' },
      resume: {
        value: 'NAME',
        meaning: 'The name of the import, under which it goes on; told by the file itself',
      },
      'dry-run': { meaning: 'Say what would be imported and rejected, and change nothing' },
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
      out: { value: 'FILE', meaning: 'Where to write, standard output unless given' },
      'with-password-hashes': { meaning: 'Write password hashes too' },
    },
    load: async () => (await import('./commands/export.ts')).exportAll,
  },
  {
    name: 'provider list',
    summary: 'List the providers with how they do',
    details: 'An outage shows as grants that wait to be revoked, and as refreshes that fail.',
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
      'For a connection that is overdue. Drops what the provider gave, so that nobody can end it any more, and asks before.\nIt stays overdue, and never counts as confirmed.',
    argument: { name: 'ID', meaning: 'The connection, by its id (`roster connection list`)' },
    options: { yes: { meaning: 'Do it without asking' } },
    load: async () => (await import('./commands/connections.ts')).abandon,
  },
  {
    name: 'reseal',
    summary: 'Seal anew what was sealed under a former secret',
    details:
      'After a change of ROSTER_SECRET, once every server has it and the former one is in ROSTER_OLD_SECRETS. Then the former one can be dropped.',
    options: {},
    load: async () => (await import('./commands/reseal.ts')).resealAll,
  },
  {
    name: 'outbox',
    summary: 'Show the messages that the development outbox keeps, newest first',
    options: { to: { value: 'ADDRESS', meaning: 'To this email or phone number only' } },
    load: async () => (await import('./commands/outbox.ts')).show,
  },
  ...erasureCommands,
];
