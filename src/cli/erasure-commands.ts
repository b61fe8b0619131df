/** The commands about erasures and copies of the database, a part of `catalogue.ts`. */
import { erasureStates } from '../core/erasure/erasure.ts';
import type { Command, Option } from './command.ts';

const erasureArgument = {
  name: 'ID',
  meaning: 'The erasure, by its id (`X-Erasure-Id`, `roster erasure list`)',
};
const yes: Option = { meaning: 'Do it without asking' };

export const erasureCommands: readonly Command[] = [
  {
    name: 'erasure list',
    summary: 'List erasures, newest first',
    options: {
      state: { value: 'STATE', meaning: 'In this state only', choices: erasureStates },
      limit: {
        value: 'N',
        meaning: 'This many at most, 100 unless given',
        range: { min: 1, max: 1_000_000 },
      },
    },
    load: async () => (await import('./commands/erasures.ts')).list,
  },
  {
    name: 'erasure show',
    summary: 'Show an erasure with its providers and its receipt',
    argument: erasureArgument,
    options: {},
    load: async () => (await import('./commands/erasures.ts')).show,
  },
  {
    name: 'erasure verify',
    summary: 'Hold a receipt against the public keys; needs no server and no database',
    details: 'Ends with 1 where the receipt was not signed with one of the keys, or is not as it was signed.',
    argument: { name: 'FILE', meaning: 'A file with the receipt' },
    options: {
      jwks: {
        value: 'FILE',
        meaning: 'The keys, as at /.well-known/jwks.json; those in the data folder unless given',
      },
    },
    load: async () => (await import('./commands/erasures.ts')).verify,
  },
  {
    name: 'erasure abandon',
    summary: 'Stop waiting for providers that never confirm',
    details:
      'Drops what they gave, so that nobody can end it any more. The receipt says unconfirmed, and tells the reason:\nwrite nothing of the person into it.',
    argument: erasureArgument,
    options: {
      reason: { value: 'TEXT', meaning: 'Why, for the receipt', isRequired: true },
    },
    load: async () => (await import('./commands/erasures.ts')).abandon,
  },
  {
    name: 'erasure run',
    summary: 'Erase the users of a list',
    details: 'Tells what it is about to do and asks. Interrupted, the same again does the rest.',
    options: {
      ids: { value: 'FILE', meaning: 'One user id a line', isRequired: true },
      org: { value: 'ID', meaning: 'Users of this organization only' },
      yes,
    },
    load: async () => (await import('./commands/erase.ts')).run,
  },
  {
    name: 'erasure rotate-key',
    summary: 'Sign receipts with a new key; former receipts stay valid',
    options: {},
    load: async () => (await import('./commands/erasures.ts')).rotateKey,
  },
  {
    name: 'backup',
    summary: 'Write the database to a file, also while a server runs',
    details: 'The file is new, complete, and for its owner alone. The secret and the ledger are not in it.',
    argument: { name: 'FILE', meaning: 'A file that is not there yet, outside of the data folder' },
    options: {},
    load: async () => (await import('./commands/backup.ts')).backup,
  },
  {
    name: 'restore',
    summary: 'Put a backup in the place of the database',
    details:
      'Stop the server first. Whoever was erased since the backup is erased again before anything is answered.',
    argument: { name: 'FILE', meaning: 'What `roster backup` wrote' },
    options: { yes },
    load: async () => (await import('./commands/backup.ts')).restore,
  },
];
