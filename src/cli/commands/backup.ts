/** Copies of the database: `backup` writes one, also while a server runs; `restore` replaces the database by one. */
import { backUpDirectory, type RestorePlan, restoreDirectory } from '../../app/backup.ts';
import { hasDirectory } from '../../app/lost-directory.ts';
import { type Config, readConfig } from '../../config/config.ts';
import { CommandError, type Handler } from '../command.ts';
import { confirm } from '../confirm.ts';
import { counted, secondsSince } from '../layout.ts';

export const backup: Handler = async ({ env, argument }) => {
  const { config, secrets } = readConfig(env);
  if (!hasDirectory(config, secrets)) throw new CommandError(`there is no directory in ${config.dataDir}`);
  const startedAt = performance.now();
  const { bytes, isRecorded } = await backUpDirectory({ config, secrets }, argument);
  const seconds = secondsSince(startedAt);
  return {
    json: { file: argument, bytes, seconds },
    text: `${argument}: ${bytes.toLocaleString('en')} bytes in ${seconds} s.`,
    notes: [
      'the backup does not contain the secret and the ledger of erasures: back them up separately',
      ...(isRecorded
        ? []
        : [
            'the audit log does not have this backup: the database is of another version, or cannot be written',
          ]),
    ],
  };
};

export const restore: Handler = async (invocation) => {
  const { config, secrets } = readConfig(invocation.env);
  let restored = 0;
  const replay = await restoreDirectory({ config, secrets }, invocation.argument, async (plan) => {
    restored = plan.users;
    return confirm(invocation, questionOf(plan, config));
  });
  if (replay === null) throw new CommandError('cancelled: nothing was changed');
  const { erased, remembered } = replay;
  const users = restored - erased;
  return {
    json: { users, erased, remembered },
    text: [
      `${config.dataDir} now has the database of ${invocation.argument}, with ${counted(users, 'user')}.`,
      ...(erased === 0
        ? []
        : [`Erased again: ${counted(erased, 'user')} that had been erased after the backup.`]),
    ].join('\n'),
    notes: [
      'keys, sessions and passwords are those of the backup: revoke again those that were revoked after it',
    ],
  };
};

function questionOf({ users, present }: RestorePlan, { dataDir }: Config): string {
  const replaced = present === null ? 'The content of' : `The directory with ${counted(present, 'user')} in`;
  return `${replaced} ${dataDir} will be replaced by a directory with ${counted(users, 'user')}.`;
}
