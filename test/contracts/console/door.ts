/** How tests of all contracts call `console`, which makes no users. */
import type { PlainDoor } from '../../support/contracts/door.ts';

export const door: PlainDoor = {
  root: () => '/console/api/v1/session',
  credential: async ({ staff }) => (await staff('owner')).ask,
  asker: 'staff',
  pages: null,
  idOf: ({ userId }) => userId,
};
