/** What the operator does at the command line, as events of the organizations that it is about. */
import { commandLine, type OperatorPrincipal, operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { OrgKey, UserId } from '../ids.ts';
import { record } from './audit-event.ts';

/** Records that a command was run, by its name. Its options are not recorded: they may have personal data. */
export async function recordCommand(
  core: Pick<Core, 'work' | 'clock'>,
  keys: readonly OrgKey[],
  command: string,
): Promise<void> {
  const subject = { kind: 'command', id: command } as const;
  for (let at = 0; at < keys.length; at += recordedTogether) {
    const some = keys.slice(at, at + recordedTogether);
    await core.work.changeSystem('operator', async (system) => {
      for (const key of some) {
        const principal = operatorAt(commandLine, key);
        await record(system.within(key), principal, 'command.run', subject, core.clock.now());
      }
    });
  }
}

/** Records in each organization that a command was run which is about the whole directory. */
export async function recordCommandEverywhere(
  core: Pick<Core, 'work' | 'clock'>,
  command: string,
): Promise<void> {
  const organizations = await core.work.readSystem('operator', (tx) => tx.organizations.list());
  await recordCommand(
    core,
    organizations.map(({ key }) => key),
    command,
  );
}

/** Organizations whose event of a command shares a transaction. */
const recordedTogether = 500;

/** Records that the operator was shown a user. */
export function recordOperatorRead(core: Core, principal: OperatorPrincipal, userId: UserId): Promise<void> {
  return core.work.change(principal.orgKey, (tx) =>
    record(tx, principal, 'user.read', { kind: 'user', id: userId }, core.clock.now(), { users: 1 }),
  );
}

/** Records that the operator was shown a list of `users` users. */
export function recordOperatorList(core: Core, principal: OperatorPrincipal, users: number): Promise<void> {
  const subject = { kind: 'users', id: 'organization' } as const;
  return core.work.change(principal.orgKey, (tx) =>
    record(tx, principal, 'user.listed', subject, core.clock.now(), { users }),
  );
}
