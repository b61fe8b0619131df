/**
 * The query grammar of `badge`: a filter expression (`filter=holder eq "x"`), a name that may be repeated (`only`), and
 * names in brackets (`page[size]`), each of which comes once.
 */
import { type FieldFault, refuseFaults } from '../../../src/core/errors.ts';
import type { Query } from '../../../src/http/contract.ts';
import { readQueryPairs } from '../../../src/http/reading/pairs.ts';
import { Type } from '../../../src/http/shape.ts';

export const shownFields = ['badge', 'holder', 'zone'] as const;

/** The names of page and size. */
export const pageNames = { page: 'page[number]', size: 'page[size]' };

export const querySchema = Type.Object({
  filter: Type.Optional(Type.String({ pattern: '^holder eq "[a-z]+"$' })),
  only: Type.Optional(Type.Array(Type.Enum(shownFields))),
  [pageNames.page]: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  [pageNames.size]: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
});

/** `holder`, `only` and the page. Refuses with `invalid_fields`. */
export function parseBadgeQuery(text: string): Query {
  const faults: FieldFault[] = [];
  const only: string[] = [];
  const once = new Map<string, string>();
  for (const [name, value] of readQueryPairs(text)) {
    if (name === 'only') only.push(value);
    else if (once.has(name)) faults.push({ field: name, fault: 'invalid' });
    else once.set(name, value);
  }
  const filter = once.get('filter');
  const holder = filter === undefined ? undefined : holderOf(filter);
  if (holder === null) faults.push({ field: 'filter', fault: 'invalid' });
  if (only.some((each) => !shownFields.some((field) => field === each))) {
    faults.push({ field: 'only', fault: 'unlisted', choices: shownFields });
  }
  refuseFaults(faults);
  return { ...Object.fromEntries(once), holder, only };
}

/** The text that the filter compares with; null where the filter is malformed. */
function holderOf(filter: string): string | null {
  return /^holder eq "([^"\\]+)"$/i.exec(filter)?.[1] ?? null;
}
