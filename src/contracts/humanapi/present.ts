/** Presents users as `humanapi` does. Times are in milliseconds. */
import { type Seen, userView } from '../../core/directory/user-view.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { HumanUser } from './schemas.ts';

export const shown = userView('id', 'externalId', 'appId', 'createdAt', 'updatedAt');

export type ShownUser = Seen<typeof shown>;

export function toHumanUser(user: ShownUser): HumanUser {
  return {
    humanId: user.id,
    externalId: user.externalId,
    appId: user.appId,
    createdAt: toMillisecondText(user.createdAt),
    updatedAt: toMillisecondText(user.updatedAt),
  };
}

/**
 * The JSON text of `toHumanUser`, written by hand because a list may have millions of users. Only the external id
 * may need escaping: all other values are hex digits and times.
 */
export function toHumanUserJson(user: ShownUser): string {
  const { id, externalId, appId, createdAt, updatedAt } = user;
  const created = toMillisecondText(createdAt);
  const updated = updatedAt === createdAt ? created : toMillisecondText(updatedAt);
  return `{"humanId":"${id}","externalId":${JSON.stringify(externalId)},"appId":"${appId}","createdAt":"${created}","updatedAt":"${updated}"}`;
}
