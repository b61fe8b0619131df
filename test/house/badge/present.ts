/** Users in the words of `badge`. A single badge tells its address, and is named by an entity tag. */
import { type Seen, userView } from '../../../src/core/directory/user-view.ts';
import { entityTagOf } from '../../../src/http/answering/entity-tag.ts';
import type { Call } from '../../../src/http/contract.ts';
import { type Static, Type } from '../../../src/http/shape.ts';

export const badgesPath = '/v3/badges';

export const view = userView('id', 'externalId', 'timezone');

export const badgeShape = Type.Object({
  badge: Type.String(),
  holder: Type.Union([Type.String(), Type.Null()]),
  zone: Type.String(),
});
export const fullShape = Type.Object({
  ...badgeShape.properties,
  meta: Type.Object({ location: Type.String({ format: 'uri' }) }),
});

/** The badge without its address, as lists show it. */
export function presentBadge(user: Seen<typeof view>): Static<typeof badgeShape> {
  return { badge: user.id, holder: user.externalId, zone: user.timezone };
}

/** The badge with its absolute address. */
export function presentFull({ baseUrl }: Call, user: Seen<typeof view>): Static<typeof fullShape> {
  return { ...presentBadge(user), meta: { location: `${baseUrl}${badgesPath}/${user.id}` } };
}

/** The entity tag of a badge. */
export function tagOf(user: Seen<typeof view>): string {
  return entityTagOf(presentBadge(user));
}
