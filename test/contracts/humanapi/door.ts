/** How a client of `humanapi` makes, reads and lists users. */
import { type DoorDescription, madeAt } from '../../support/contracts/door.ts';

export const door: DoorDescription = {
  root: ({ app }) => `/humanapi/v1/apps/${app.appId}/users`,
  credential: async ({ app }) => ({ appKey: app.appKey }),
  asker: 'app',
  post: (mark) => ({ externalId: mark }),
  made: 'humanId',
  shown: '',
  items: '',
  key: 'humanId',
  total: null,
  pages: null,
  isOldestFirst: true,
  idOf: ({ humanId }) => humanId,
  view: (user, facts, { tenant }) => ({
    humanId: user.humanId,
    externalId: facts.reference,
    appId: tenant.app.appId,
    createdAt: madeAt.millisecond,
    updatedAt: madeAt.millisecond,
  }),
  scope: { parameter: 'appId', value: ({ app }) => app.appId },
  needsSecret: ['createConnectToken', 'exchangeConnectSession', 'createPublicToken'],
};
