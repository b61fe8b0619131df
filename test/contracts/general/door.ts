/** How a client of `general` makes, reads and lists users. */
import { type DoorDescription, madeAt, strongPassword } from '../../support/contracts/door.ts';

export const door: DoorDescription = {
  root: () => '/general/v1/users',
  credential: async ({ app }, admin) => ({
    session: (await admin()).session,
    headers: { 'x-app-id': app.appId },
  }),
  asker: 'user',
  post: (mark) => ({
    user: { email: `${mark}@example.com`, password: strongPassword, first_name: 'Jo', last_name: mark },
  }),
  made: 'id',
  shown: '',
  items: 'users',
  key: 'id',
  total: 'meta.total',
  pages: { page: 'page', size: 'page_size' },
  isOldestFirst: false,
  idOf: ({ number }) => number,
  view: (user, facts) => ({
    id: user.number,
    email: facts.email,
    first_name: facts.firstName,
    last_name: facts.lastName,
    phone: facts.phone,
    date_of_birth: facts.dateOfBirth,
    language: facts.language,
    role: facts.role,
    active: facts.status !== 'inactive',
    clinical: facts.isClinical,
    confirmed: facts.isConfirmed,
    created_at: madeAt.millisecond,
    updated_at: madeAt.millisecond,
  }),
  bodies: { updateUser: { user: { first_name: 'Eve', role: 'parent' } } },
  // The id of a session is known from the list of the caller's own sessions.
  needsSecret: ['createSession', 'endSession', 'confirmUser', 'validatePasswordReset', 'resetPassword'],
};
