/** The commands for the database as a whole. */
import type { Command } from './command.ts';

export const databaseCommands: readonly Command[] = [
  {
    name: 'migrate',
    summary: 'Migrate the database to the version of this program',
    details: '`roster serve` does this at every start.',
    options: {},
    load: async () => (await import('./commands/migrate.ts')).migrate,
  },
  {
    name: 'check',
    summary: 'Check the database file, the stored counts and the search',
    details:
      'Ends with 1 if a fault is found and not repaired. Reads the whole database; may run while a server runs.',
    options: {
      repair: { meaning: 'Correct wrong counts, and a wrong search' },
      org: { value: 'ID', meaning: 'Recount this organization only' },
    },
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'move',
    summary: 'Move the directory from its file to PostgreSQL',
    details: [
      'Stop the server first: a folder that is in use is not moved. To resume an interrupted move, run the command',
      'again. Every table is read back and compared; the file is not changed.',
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
    name: 'distribute',
    summary: 'Distribute the tables over the machines of a Citus cluster',
    details: [
      'Does what is missing, so it may run again at any time; run it after each change of the machines. DATABASE_URL names',
      'the coordinator. Tables with rows are moved, and are locked for that time. With --isolate it only gives one organization',
      'a shard of its own, while the directory is used.',
    ].join(' '),
    options: {
      isolate: { value: 'ID', meaning: 'The organization that gets a shard of its own (`roster org list`)' },
      to: { value: 'HOST:PORT', meaning: 'The machine for that shard, as the cluster names it' },
      'block-writes': {
        meaning: 'Refuse changes while rows are copied; for a cluster without logical replication',
      },
      'dry-run': { meaning: 'Only say what would be done' },
    },
    load: async () => (await import('./commands/distribute.ts')).distribute,
  },
];
