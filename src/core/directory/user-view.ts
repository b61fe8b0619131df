/**
 * A view names the fields of a user that an answer shows. A caller passes the view to a read: the store reads only
 * these fields, and the type of the result has no others.
 *
 * Views are made once, when their module loads, because a store keeps the queries of each view.
 */
import type { User } from './user.ts';

export interface UserView<K extends keyof User = keyof User> {
  readonly fields: readonly K[];
}

/** A user as seen through a view. */
export type Seen<V extends UserView> = V extends UserView<infer K> ? Pick<User, K> : never;

export function userView<K extends keyof User>(...fields: readonly K[]): UserView<K> {
  return { fields };
}
