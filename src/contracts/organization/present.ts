/**
 * Presents users as the organization's document does, with its keys in its order. The document shows fewer fields
 * in a list and after a creation than on a read, and so do we: role and last login are only where it shows them.
 */
import { fullNameOf, type User } from '../../core/directory/user.ts';
import { type Seen, userView } from '../../core/directory/user-view.ts';
import { toUserIdText } from '../../core/ids.ts';
import { toSecondText } from '../../core/time.ts';

const listed = ['id', 'email', 'firstName', 'lastName', 'status', 'createdAt'] as const;
const created = [...listed, 'role'] as const;

/** The fields that are read for a list, and for a single user. */
export const listedView = userView(...listed);
export const fullView = userView(...created, 'lastLoginAt');

export interface ListedUser {
  /** `usr_` and 32 hex digits. */
  readonly id: string;
  readonly email: string | null;
  readonly name: string | null;
  readonly status: User['status'];
  /** UTC, in whole seconds. */
  readonly created_at: string;
}

export interface CreatedUser extends ListedUser {
  readonly role: User['role'];
}

export interface FullUser extends CreatedUser {
  /** UTC, in whole seconds; null until the first one. */
  readonly last_login: string | null;
}

/** The five fields of a user in a list. */
export function presentListed(user: Seen<typeof listedView>): ListedUser {
  return {
    id: toUserIdText(user.id),
    email: user.email,
    name: fullNameOf(user),
    status: user.status,
    created_at: toSecondText(user.createdAt),
  };
}

/** The six fields in the answer to a creation. */
export function presentCreated(user: Pick<User, (typeof created)[number]>): CreatedUser {
  return {
    id: toUserIdText(user.id),
    email: user.email,
    name: fullNameOf(user),
    role: user.role,
    status: user.status,
    created_at: toSecondText(user.createdAt),
  };
}

/** The seven fields of a single user. */
export function presentFull(user: Seen<typeof fullView>): FullUser {
  return {
    ...presentCreated(user),
    last_login: user.lastLoginAt === null ? null : toSecondText(user.lastLoginAt),
  };
}
