/**
 * Hands out the people who match a text and filters, in parts, so that the memory does not grow with their number: newest
 * first, each once. Who is added meanwhile is not handed out.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { record } from '../record/audit-event.ts';
import { countInParts, walkUsers } from '../search/find-users.ts';
import type { SearchQuery } from '../search/search-query.ts';
import type { SearchFilter } from '../search/user-search-store.ts';
import { requireFreshFactor } from '../staff/authenticate-staff.ts';
import { type PersonRow, personRowView } from './find-people.ts';

/**
 * Begins an export; each part is read when the caller asks for it, and may be empty. First everyone who matches is counted, in
 * empty parts. The count and the names of the filters are on disk before the first person leaves, so an export that is stopped is
 * in the audit log too. Refuses with `forbidden` and `fresh_factor_required` before any part.
 */
export function exportPeople(
  core: Core,
  principal: Principal,
  input: {
    readonly query: SearchQuery;
    readonly filter: SearchFilter;
    /** As the API spells them. Never values: these may be personal. */
    readonly filterNames: readonly string[];
  },
): AsyncGenerator<readonly PersonRow[]> {
  authorize(principal, 'console.people.export');
  authorize(principal, 'console.people.unmasked');
  requireFreshFactor(core, principal);
  return partsOf(core, principal, input);
}

async function* partsOf(
  core: Core,
  principal: Principal,
  { query, filter, filterNames }: Parameters<typeof exportPeople>[2],
): AsyncGenerator<readonly PersonRow[]> {
  let users = 0;
  for await (const found of countInParts(core, principal, { query, filter })) {
    users += found;
    yield [];
  }
  const subject = { kind: 'users', id: 'organization' } as const;
  await core.work.change(principal.orgKey, (tx) =>
    record(tx, principal, 'user.exported', subject, core.clock.now(), { users, fields: filterNames }),
  );
  yield* walkUsers(core, principal, { query, filter, view: personRowView });
}
