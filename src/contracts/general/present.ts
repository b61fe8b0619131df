/** Presents users as `general` does, with the keys in the document's order. Times are in milliseconds. */
import type { OwnSession } from '../../core/access/own-sessions.ts';
import type { UserPrincipal } from '../../core/access/principal.ts';
import type { Listing } from '../../core/directory/paging.ts';
import { emailFor } from '../../core/directory/proof.ts';
import { type Seen, userView } from '../../core/directory/user-view.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { ConfirmedUser, GeneralUser, PresentedSession, UserList } from './schemas.ts';

export const shown = userView(
  'id',
  'requestedEmail',
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

/** A user to the user of a session; null for none. Only the own account shows an email that was requested. */
export function presentTo(viewer: Viewer | null, user: ShownUser): GeneralUser {
  return presentUser(viewer === null ? user : { ...user, email: emailFor(viewer, user) });
}

type Viewer = Pick<UserPrincipal, 'userId'>;

/** The three fields in the answer to a confirmation. */
export function presentConfirmed(viewer: Viewer | null, user: ShownUser): ConfirmedUser {
  const { id, email, confirmed } = presentTo(viewer, user);
  return { id, email, confirmed };
}

/** A page of users. An empty list has no pages. */
export function presentList(viewer: Viewer, { items, page, total }: Listing<ShownUser>): UserList {
  return {
    users: items.map((user) => presentTo(viewer, user)),
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
