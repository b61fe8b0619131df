/**
 * Locks a connection with its user, always the user first, so that two changes cannot deadlock. A change of a connection
 * also sets the time of the user's last change.
 */
import type { User } from '../directory/user.ts';
import type { Tx } from '../unit-of-work.ts';
import type { Connection } from './connection.ts';

export interface ConnectionOfUser {
  readonly user: User;
  readonly connection: Connection;
}

/** A step: both, locked against other changes; null where one of them is gone. */
export async function lockConnection(tx: Tx, connectionId: string): Promise<ConnectionOfUser | null> {
  const seen = await tx.connections.find(connectionId);
  const user = seen === null ? null : await tx.users.lock({ id: seen.userId });
  const connection = user === null ? null : await tx.connections.lock(connectionId);
  return user === null || connection === null ? null : { user, connection };
}

/** A step: sets the time of the user's last change, because a connection has changed. The caller has locked the user. */
export async function markUserChanged(tx: Tx, user: User, now: number): Promise<void> {
  await tx.users.update(user, { updatedAt: now });
}
