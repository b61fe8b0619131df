/**
 * The list and the search of people for staff. A reader who may not see personal data finds people by an id alone, because a
 * search by parts of a text would tell letter by letter what is masked.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { Page } from '../directory/paging.ts';
import { type Seen, userView } from '../directory/user-view.ts';
import { refuseFaults } from '../errors.ts';
import { type FoundUsers, findUsers, isCounted, type ListPlace } from '../search/find-users.ts';
import type { SearchQuery } from '../search/search-query.ts';
import type { SearchFilter, SearchLimits } from '../search/user-search-store.ts';
import { maskPerson, seesMasked } from './masked-person.ts';

export const personRowView = userView(
  'id',
  'number',
  'appId',
  'externalId',
  'email',
  'firstName',
  'lastName',
  'phone',
  'status',
  'role',
  'isClinicalApproved',
  'confirmedAt',
  'emailProvedAt',
  'phoneProvedAt',
  'createdAt',
  'lastLoginAt',
);
export type PersonRow = Seen<typeof personRowView>;
type PersonColumn = keyof PersonRow;

export interface FoundPeople extends Omit<FoundUsers<PersonColumn>, 'next'> {
  readonly isMasked: boolean;
  /** Names where the list goes on after the page. It is sealed, because numbers in the order of creation would count all tenants. */
  readonly next: string | null;
}

/**
 * A page of people, newest first unless `isOldestFirst`. The page is recorded. Refuses with `forbidden`, and with `invalid_fields` for a
 * text that a masked reader may not search, for the other order where the list is not counted, and for an `after` that no page
 * of the same filter has given.
 */
export async function findPeople(
  core: Core,
  principal: Principal,
  input: {
    readonly query: SearchQuery;
    readonly filter: SearchFilter;
    readonly page: Page;
    readonly isOldestFirst?: boolean;
    /** The `next` of another page. */
    readonly after?: string | undefined;
    readonly limits?: SearchLimits;
  },
): Promise<FoundPeople> {
  authorize(principal, 'console.people.read');
  const isMasked = seesMasked(principal);
  const { query, after, ...rest } = input;
  if (input.isOldestFirst === true && !isCounted(query, input.filter)) {
    refuseFaults([{ field: 'sort', fault: 'invalid' }]);
  }
  const isById = query.id !== null || query.number !== null;
  if (isMasked && query.typed !== '' && !isById) refuseFaults([{ field: 'q', fault: 'invalid' }]);
  const asked = isMasked ? byId(query) : query;
  const context = `people ${principal.orgKey} ${JSON.stringify(input.filter)}`;
  const place = after === undefined ? null : openPlace(core, after, context);
  if (after !== undefined && (place === null || query.typed !== '')) {
    refuseFaults([{ field: 'after', fault: 'invalid' }]);
  }
  const found = await findUsers(core, principal, {
    ...{ action: 'console.people.read', query: asked, view: personRowView, after: place },
    ...rest,
  });
  return {
    ...found,
    isMasked,
    items: isMasked ? found.items.map(maskPerson) : found.items,
    next: found.next === null ? null : core.secrets.seal(JSON.stringify(found.next), context),
  };
}

/** Null for a text that was not sealed for the same organization and filter. */
function openPlace({ secrets }: Core, sealed: string, context: string): ListPlace | null {
  try {
    return JSON.parse(secrets.open(sealed, context));
  } catch {
    return null;
  }
}

/** The query without the text: a number is also the beginning of a phone. */
function byId(query: SearchQuery): SearchQuery {
  return { ...query, phrase: '', words: [], digits: null, idStart: null, numberStart: null };
}
