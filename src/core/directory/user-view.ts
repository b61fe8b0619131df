/**
 * A view names the fields of a user that somebody shows. Who reads users for it says so with the question: the store
 * reads those fields and no others, and what was not read is not in the type of what comes back.
 *
 * Views are made once, when their module loads: a store keeps its queries for each.
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
