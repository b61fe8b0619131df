/**
 * The shapes of the organization's document, for the reference: no request is validated by them. The shapes of
 * answers are as wide as the directory, because a user that another contract created may have no email and a
 * longer name.
 */
import { pageSizeMax } from '../../core/directory/paging.ts';
import { type UserStatus, userRoles, userStatuses } from '../../core/directory/user.ts';
import { emailCharactersMax, textCharactersMax } from '../../core/directory/user-fields.ts';
import { invitedRoles } from '../../core/verification/invitation.ts';
import { pageNumberParameter, pageSizeParameter } from '../../http/page-parameters.ts';
import { named, Type } from '../../http/shape.ts';

/** The statuses to filter by, in the order of the document. */
export const statusFilters = ['active', 'inactive', 'pending'] as const satisfies readonly UserStatus[];

/** Users per page where the caller does not say. */
export const pageSizeDefault = 20;

const id = Type.String({
  pattern: '^usr_[0-9a-z]+$',
  description: 'Unique identifier: `usr_`, then lower-case letters and digits.',
});
const email = Type.Union([Type.String(), Type.Null()], {
  description: 'Email address; null where nobody said.',
});
const name = Type.Union([Type.String(), Type.Null()], {
  description: 'First and last name, joined by a space; null where nobody said.',
});
const role = Type.Enum(userRoles, {
  description: 'What the user may do: `admin` everything, `member` read and create, `parent` nothing here.',
});
const status = Type.Enum(userStatuses, {
  description: '`pending` until the invitation is accepted, `inactive` after the account was cancelled.',
});
const createdAt = Type.String({ format: 'date-time', description: 'UTC, in whole seconds.' });
const lastLogin = Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
  description: 'Last login, UTC, in whole seconds; null until the first one.',
});

/** A user in a list. */
export const listedUser = named(
  'ListedUser',
  Type.Object({ id, email, name, status, created_at: createdAt }),
);

/** The answer to a creation. */
export const createdUser = named(
  'CreatedUser',
  Type.Object({ id, email, name, role, status, created_at: createdAt }),
);

/** The answer to a read. */
export const fullUser = named(
  'User',
  Type.Object({
    id,
    email,
    name,
    role,
    status,
    created_at: createdAt,
    last_login: lastLogin,
  }),
);

/** A page of users. */
export const userList = named(
  'UserList',
  Type.Object({
    data: Type.Array(listedUser),
    meta: Type.Object({
      page: Type.Integer({ minimum: 1 }),
      limit: Type.Integer({ minimum: 1, maximum: pageSizeMax }),
      total: Type.Integer({ minimum: 0, description: 'How many users match the filter, exactly.' }),
    }),
  }),
);

/** The parameters of the path to one user. */
export const userParams = Type.Object({
  id: Type.String({ description: "The user's unique identifier.", examples: ['usr_123abc'] }),
});

/** The query of a list. */
export const listQuery = Type.Object({
  page: pageNumberParameter('Page number (starts at 1).'),
  limit: pageSizeParameter(pageSizeDefault, 'Number of results per page (max 100).'),
  status: Type.Optional(Type.Enum(statusFilters, { description: 'Filter by user status.' })),
});

/** The body of a creation. */
export const newUser = named(
  'NewUser',
  Type.Object({
    email: Type.String({ format: 'email', maxLength: emailCharactersMax, description: 'Email address.' }),
    name: Type.String({
      minLength: 1,
      maxLength: textCharactersMax,
      description: 'Full name; the last word is taken as the last name.',
    }),
    role: Type.Optional(
      Type.Enum(invitedRoles, { default: 'member', description: 'Only an admin makes an admin.' }),
    ),
  }),
);
