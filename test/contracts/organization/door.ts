/** How a client of `organization` makes, reads and lists users. */
import { type DoorDescription, madeAt } from '../../support/contracts/door.ts';

export const door: DoorDescription = {
  root: () => '/organization/api/v1/users',
  credential: async ({ apiKeys }) => ({ bearer: apiKeys.admin }),
  asker: 'api_key',
  post: (mark) => ({ email: `${mark}@example.com`, name: `Jo ${mark}` }),
  made: 'id',
  shown: '',
  items: 'data',
  key: 'id',
  total: 'meta.total',
  pages: { page: 'page', size: 'limit' },
  isOldestFirst: false,
  idOf: ({ userId }) => userId,
  view: (user, facts) => ({
    id: user.userId,
    email: facts.email,
    name: facts.name,
    role: facts.role,
    status: facts.status,
    created_at: madeAt.second,
    last_login: null,
  }),
};
