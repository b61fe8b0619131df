/** Presents users and lists as `sonar` does. Times are in whole seconds. */
import type { Listing } from '../../core/directory/paging.ts';
import { scoreStatusOf } from '../../core/directory/user.ts';
import { type Seen, userView } from '../../core/directory/user-view.ts';
import { toUserIdText } from '../../core/ids.ts';
import { toSecondText } from '../../core/time.ts';
import type { SonarUser } from './schemas.ts';

export const shown = userView(
  'id',
  'externalId',
  'timezone',
  'status',
  'lastSyncAt',
  'lastScoreAt',
  'createdAt',
);

type ShownUser = Seen<typeof shown>;

/** The user at the instant `now`, in epoch milliseconds: the score state depends on it. */
export function toSonarUser(user: ShownUser, now: number): SonarUser {
  return {
    id: toUserIdText(user.id),
    reference_id: user.externalId,
    timezone: user.timezone,
    status: user.status,
    score_status: scoreStatusOf(user, now),
    last_sync_at: toTime(user.lastSyncAt),
    last_score_at: toTime(user.lastScoreAt),
    created_at: toSecondText(user.createdAt),
  };
}

/** The envelope of a single user. */
export function toUserAnswer(user: ShownUser, now: number): { data: SonarUser } {
  return { data: toSonarUser(user, now) };
}

/**
 * The JSON text of a page of users as `toSonarUser` presents them, written by hand because lists are rendered most
 * often. Only the external id of a user may need escaping.
 */
export function toUserListJson({ items, page, total }: Listing<ShownUser>, now: number): string {
  const users = items.map((user) => toSonarUserJson(user, now));
  return `{"data":[${users.join()}],"meta":{"page":${page.page},"per_page":${page.size},"total":${total}}}`;
}

function toSonarUserJson(user: ShownUser, now: number): string {
  const { id, externalId, timezone, status, lastSyncAt, lastScoreAt, createdAt } = user;
  const about = `"id":"${toUserIdText(id)}","reference_id":${JSON.stringify(externalId)},"timezone":"${timezone}"`;
  const states = `"status":"${status}","score_status":"${scoreStatusOf(user, now)}"`;
  const reports = `"last_sync_at":${toTimeJson(lastSyncAt)},"last_score_at":${toTimeJson(lastScoreAt)}`;
  return `{${about},${states},${reports},"created_at":"${toSecondText(createdAt)}"}`;
}

function toTimeJson(instant: number | null): string {
  return instant === null ? 'null' : `"${toSecondText(instant)}"`;
}

function toTime(instant: number | null): string | null {
  return instant === null ? null : toSecondText(instant);
}
