/** Copies of the database: one made while others serve, and one put in the place of the database. */
import { backUpDirectory, type RestorePlan, restoreDirectory } from '../../app/backup.ts';
import { hasDirectory } from '../../app/open-directory.ts';
import { type Config, readConfig } from '../../config/config.ts';
import { CommandError, type Handler } from '../command.ts';
import { confirm } from '../confirm.ts';
import { counted } from '../transfer/progress-bar.ts';

export const backup: Handler = async ({ env, argument }) => {
  const { config, secrets } = readConfig(env);
  if (!hasDirectory(config, secrets)) throw new CommandError(`there is no directory in ${config.dataDir}`);
  const startedAt = performance.now();
  const bytes = backUpDirectory({ config, secrets }, argument);
  const seconds = Math.round((performance.now() - startedAt) / 10) / 100;
  return {
    json: { file: argument, bytes, seconds },
    text: `${argument}: ${bytes.toLocaleString('en')} bytes in ${seconds} s.`,
    notes: ['the secret and the ledger of erasures are not in it: keep them apart, and keep them'],
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
      `The database of ${config.dataDir} is the one of ${invocation.argument}, with ${counted(users, 'user')}.`,
      ...(erased === 0 ? [] : [`${counted(erased, 'person')} in it had been erased since, and is again.`]),
    ].join('\n'),
    notes: ['keys, sessions and passwords are those of the backup: end again what was ended since'],
  };
};

function questionOf({ users, present }: RestorePlan, { dataDir }: Config): string {
  const place = present === null ? 'What is' : `The directory with ${counted(present, 'user')}`;
  return `${place} in ${dataDir} is replaced by one with ${counted(users, 'user')}.`;
}
