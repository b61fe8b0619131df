/**
 * Who looked at whom. A person of the staff with a session is recorded by an event for each read, before the answer. Reads by
 * keys are counted by the hour (`tally.ts`). A person who reads only the own account is not recorded.
 */
import type { Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { UserId } from '../ids.ts';
import { record, recordCounted } from './audit-event.ts';

/** The users of an organization, or of the principal's app, as the subject of a read. */
const usersOf = (principal: Principal) =>
  ({ kind: 'users', id: principal.kind === 'app' ? principal.appId : 'organization' }) as const;

/** Records that the principal was shown one user. The caller waits for the result before it answers. */
export function recordRead(core: Core, principal: Principal, userId: UserId): Promise<void> | undefined {
  if (principal.kind === 'user' || principal.kind === 'staff') {
    if (principal.kind === 'user' && principal.userId === userId) return undefined;
    return core.work.change(principal.orgKey, (tx) =>
      record(tx, principal, 'user.read', { kind: 'user', id: userId }, core.clock.now(), { users: 1 }),
    );
  }
  if (isCounted(principal)) {
    core.tally.add(principal, {
      action: 'user.read',
      subject: usersOf(principal),
      at: core.clock.now(),
      users: 1,
    });
  }
  return undefined;
}

/** Records that the principal was shown a list of `users` users. The caller waits for the result before it answers. */
export function recordList(core: Core, principal: Principal, users: number): Promise<void> | undefined {
  if (principal.kind === 'user' || principal.kind === 'staff') {
    return core.work.change(principal.orgKey, (tx) =>
      record(tx, principal, 'user.listed', usersOf(principal), core.clock.now(), { users }),
    );
  }
  if (isCounted(principal)) {
    core.tally.add(principal, {
      action: 'user.listed',
      subject: usersOf(principal),
      at: core.clock.now(),
      users,
    });
  }
  return undefined;
}

/**
 * As `recordList`, for a page that looks again every few seconds: staff are counted by the hour too. The count is on disk before the
 * answer.
 */
export function recordListAgain(core: Core, principal: Principal, users: number): Promise<void> {
  return core.work.change(principal.orgKey, (tx) =>
    recordCounted(tx, principal, 'user.listed', usersOf(principal), core.clock.now(), { users }),
  );
}

function isCounted({ kind }: Principal): boolean {
  return kind === 'api_key' || kind === 'app';
}
