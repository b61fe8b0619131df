/** What the operator does at the command line, as events of the organizations that it is about. */
import type { OperatorPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { UserId } from '../ids.ts';
import { record } from './audit-event.ts';

/** Records that a command was run, by its name. Its options are not recorded: they may have personal data. */
export function recordCommand(core: Core, principal: OperatorPrincipal, command: string): Promise<void> {
  return core.work.change(principal.orgKey, (tx) =>
    record(tx, principal, 'command.run', { kind: 'command', id: command }, core.clock.now()),
  );
}

/** Records that the operator was shown a user. */
export function recordOperatorRead(core: Core, principal: OperatorPrincipal, userId: UserId): Promise<void> {
  return core.work.change(principal.orgKey, (tx) =>
    record(tx, principal, 'user.read', { kind: 'user', id: userId }, core.clock.now(), { users: 1 }),
  );
}
