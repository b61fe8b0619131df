/** What every list of the console says of itself. */
import type { Page } from '../../core/directory/paging.ts';
import { Type } from '../../http/shape.ts';
import type { ListAnswer } from './shapes/list.ts';

/** The members of a list beside its items, as shapes. */
export const listMembers = {
  total: Type.Integer({ minimum: 0 }),
  isExact: Type.Boolean({ description: 'False where there are at least `total`; the list ends there.' }),
  page: Type.Integer({ minimum: 1 }),
  pages: Type.Integer({ minimum: 0 }),
  pageSize: Type.Integer({ minimum: 1 }),
};

/** A page of a list, as the pages read it. */
export function presentList<T, S>(
  {
    items,
    total,
    page,
    isExact = true,
  }: {
    readonly items: readonly T[];
    readonly total: number;
    readonly page: Page;
    readonly isExact?: boolean;
  },
  present: (item: T) => S,
): ListAnswer<S> {
  const { size } = page;
  return {
    total,
    isExact,
    page: page.page,
    pages: Math.ceil(total / size),
    pageSize: size,
    items: items.map(present),
  };
}
