/**
 * A connection together with its user, in the order in which everybody locks them: the user first. What changes of a
 * connection shows on the user too, by the time of its last change.
 */
import type { User } from '../directory/user.ts';
import type { Tx } from '../unit-of-work.ts';
import type { Connection } from './connection.ts';

export interface ConnectionOfUser {
  readonly user: User;
  readonly connection: Connection;
}

/** A step: both, held against other changes; null where they are gone. */
export async function lockWithUser(tx: Tx, connectionId: string): Promise<ConnectionOfUser | null> {
  const seen = await tx.connections.find(connectionId);
  const user = seen === null ? null : await tx.users.lock({ id: seen.userId });
  const connection = user === null ? null : await tx.connections.lock(connectionId);
  return user === null || connection === null ? null : { user, connection };
}

/** A step: the user shows that something of its connections has changed. The user is locked before. */
export async function noteOnUser(tx: Tx, user: User, now: number): Promise<void> {
  await tx.users.update(user, { updatedAt: now });
}
