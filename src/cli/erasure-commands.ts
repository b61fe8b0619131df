/** The commands about erasures and backups of the database; `catalogue.ts` includes them. */
import { erasureStates } from '../core/erasure/erasure.ts';
import type { Command, Option } from './command.ts';

const erasureArgument = {
  name: 'ID',
  meaning: 'The erasure, by its id (`X-Erasure-Id`, `roster erasure list`)',
};
const yes: Option = { meaning: 'Do not ask for confirmation' };

export const erasureCommands: readonly Command[] = [
  {
    name: 'erasure list',
    summary: 'List erasures, newest first',
    options: {
      user: { value: 'ID', meaning: 'Of this user only, by the id that it had, or by the SHA-256 of the id' },
      state: { value: 'STATE', meaning: 'In this state only', choices: erasureStates },
      limit: {
        value: 'N',
        meaning: 'List at most N; default: 100',
        range: { min: 1, max: 1_000_000 },
      },
    },
    load: async () => (await import('./commands/erasures.ts')).list,
  },
  {
    name: 'erasure show',
    summary: 'Show an erasure with its providers and its receipt',
    argument: {
      name: 'ID',
      meaning: `${erasureArgument.meaning}, or by the id that its user had: then the newest`,
    },
    options: {},
    load: async () => (await import('./commands/erasures.ts')).show,
  },
  {
    name: 'erasure verify',
    summary: 'Verify a receipt with the public keys; needs no server and no database',
    details: 'Ends with 1 if no key in the set signed the receipt, or if it was changed after it was signed.',
    argument: { name: 'FILE', meaning: 'A file with the receipt' },
    options: {
      jwks: {
        value: 'FILE',
        meaning: 'The keys, as at /.well-known/jwks.json; default: those in the data folder',
      },
    },
    load: async () => (await import('./commands/erasures.ts')).verify,
  },
  {
    name: 'erasure abandon',
    summary: 'Stop waiting for providers that never confirm',
    details:
      'Deletes the grants: after that, the access cannot be revoked from here. The receipt says unconfirmed and shows the\nreason: do not write personal data into it.',
    argument: erasureArgument,
    options: {
      reason: { value: 'TEXT', meaning: 'Why, for the receipt', isRequired: true },
    },
    load: async () => (await import('./commands/erasures.ts')).abandon,
  },
  {
    name: 'erasure run',
    summary: 'Erase the users of a list',
    details:
      'Shows the plan and asks for confirmation. To resume after an interruption, run the same command again.',
    options: {
      ids: { value: 'FILE', meaning: 'A file with one user id per line', isRequired: true },
      org: { value: 'ID', meaning: 'Users of this organization only' },
      yes,
    },
    load: async () => (await import('./commands/erase.ts')).run,
  },
  {
    name: 'erasure rotate-key',
    summary: 'Sign receipts with a new key; earlier receipts stay valid',
    options: {},
    load: async () => (await import('./commands/erasures.ts')).rotateKey,
  },
  {
    name: 'erasure accept-ledger',
    summary: 'Begin a new ledger where the present one is lost or was changed',
    details:
      'Says what is kept and what is lost, and asks for confirmation. Put the right ledger back instead if you have it.\n' +
      'The new one has every line that Roster wrote, or that the database knows. Stop the server first.',
    options: { yes },
    load: async () => (await import('./commands/ledger.ts')).accept,
  },
  {
    name: 'backup',
    summary: 'Write the database to a file, also while a server runs',
    details: 'The file is complete, and only its owner can read it. The secret and the ledger are not in it.',
    argument: { name: 'FILE', meaning: 'A file that does not exist yet, outside the data folder' },
    options: {
      verify: {
        meaning:
          'Restore it into a scratch folder beside FILE and check it there; ends with 1 if it is not sound',
      },
      'verify-only': { meaning: 'Verify a FILE that exists, and write none' },
    },
    load: async () => (await import('./commands/backup.ts')).backup,
  },
  {
    name: 'restore',
    summary: 'Replace the database by a backup',
    details:
      'Stop the server first. Users who were erased after the backup are erased again before any request is answered.',
    argument: { name: 'FILE', meaning: 'A file that `roster backup` wrote' },
    options: { yes },
    load: async () => (await import('./commands/backup.ts')).restore,
  },
];
