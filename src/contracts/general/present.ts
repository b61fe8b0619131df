/** Presents users as `general` does, with the keys in the document's order. Times are in milliseconds. */
import type { OwnSession } from '../../core/access/own-sessions.ts';
import type { Listing } from '../../core/directory/paging.ts';
import { type Seen, userView } from '../../core/directory/user-view.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { ConfirmedUser, GeneralUser, PresentedSession, UserList } from './schemas.ts';

export const shown = userView(
  'number',
  'email',
  'firstName',
  'lastName',
  'phone',
  'dateOfBirth',
  'language',
  'role',
  'status',
  'isClinical',
  'confirmedAt',
  'createdAt',
  'updatedAt',
);

type ShownUser = Seen<typeof shown>;

export function presentUser(user: ShownUser): GeneralUser {
  return {
    id: user.number,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    phone: user.phone,
    date_of_birth: user.dateOfBirth,
    language: user.language,
    role: user.role,
    active: isActive(user),
    clinical: user.isClinical,
    confirmed: isConfirmed(user),
    created_at: toMillisecondText(user.createdAt),
    updated_at: toMillisecondText(user.updatedAt),
  };
}

/** The three fields in the answer to a confirmation. */
export function presentConfirmed(user: ShownUser): ConfirmedUser {
  return { id: user.number, email: user.email, confirmed: isConfirmed(user) };
}

/** A page of users. An empty list has no pages. */
export function presentList({ items, page, total }: Listing<ShownUser>): UserList {
  return {
    users: items.map(presentUser),
    meta: { page: page.page, page_size: page.size, total, total_pages: Math.ceil(total / page.size) },
  };
}

export function presentSession(session: OwnSession): PresentedSession {
  return {
    id: session.id,
    created_at: toMillisecondText(session.startedAt),
    last_used_at: toMillisecondText(session.lastUsedAt),
    current: session.isCurrent,
  };
}

function isActive({ status }: ShownUser): boolean {
  return status !== 'inactive';
}

function isConfirmed({ confirmedAt }: ShownUser): boolean {
  return confirmedAt !== null;
}
