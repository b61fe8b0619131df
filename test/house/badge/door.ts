/** How a client of `badge` makes, reads and lists users; the test puts it at `test/contracts/badge/door.ts`. */
import type { DoorDescription } from '../../support/contracts/door.ts';
import { addPerson } from '../../support/contracts/people.ts';

export const door: DoorDescription = {
  root: () => '/badge/v3/badges',
  credential: async ({ apiKeys }) => ({ bearer: apiKeys.admin }),
  asker: 'api_key',
  post: (mark) => ({ holder: mark }),
  made: 'badge',
  shown: '',
  items: 'badges',
  key: 'badge',
  total: 'total',
  pages: { page: 'page[number]', size: 'page[size]' },
  isOldestFirst: false,
  idOf: ({ humanId }) => humanId,
  view: ({ humanId }, { reference, timezone }, { publicUrl }) => ({
    badge: humanId,
    holder: reference,
    zone: timezone,
    meta: { location: `${publicUrl}/badge/v3/badges/${humanId}` },
  }),
  others: {
    async return_id(roster, tenant) {
      const { userId } = await addPerson(roster, {}, tenant);
      const ask = { bearer: tenant.apiKeys.admin };
      const given = await roster.call(`DELETE /organization/api/v1/users/${userId}`, ask);
      return given.header('x-erasure-id');
    },
  },
};
