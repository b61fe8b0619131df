/** How a client of `sonar` makes, reads and lists users. */
import { type DoorDescription, madeAt } from '../../support/contracts/door.ts';
import { addPerson } from '../../support/contracts/people.ts';

export const door: DoorDescription = {
  root: () => '/sonar/v1/users',
  credential: async ({ apiKeys }) => ({ bearer: apiKeys.admin }),
  asker: 'api_key',
  post: (mark) => ({ reference_id: mark }),
  made: 'data.id',
  shown: 'data',
  items: 'data',
  key: 'id',
  total: 'meta.total',
  pages: { page: 'page', size: 'per_page' },
  isOldestFirst: false,
  idOf: ({ userId }) => userId,
  view: (user, facts) => ({
    id: user.userId,
    reference_id: facts.reference,
    timezone: facts.timezone,
    status: facts.status,
    score_status: facts.scoreStatus,
    last_sync_at: null,
    last_score_at: null,
    created_at: madeAt.second,
  }),
  others: {
    async device_id(roster, { apiKeys }, { userId }) {
      const device = await roster.call(`POST /sonar/v1/users/${userId}/devices`, {
        bearer: apiKeys.admin,
        json: { provider: 'fitbit' },
      });
      return device.string('data.id');
    },
    async erasure_id(roster, tenant) {
      const { userId } = await addPerson(roster, {}, tenant);
      const ask = { bearer: tenant.apiKeys.admin };
      return (await roster.call(`DELETE /sonar/v1/users/${userId}`, ask)).header('x-erasure-id');
    },
  },
  bodies: { updateUser: { timezone: 'Europe/London', status: 'inactive' } },
};
