/**
 * Tells which pages of a SQLite file belong to a table or an index: those that the roots in `sqlite_schema` lead to.
 * The first byte of a page does not tell it. A page of a long value or of the list of free pages may begin with
 * any byte, and no byte of it may be overwritten.
 */
import type { PageFile } from './page-file.ts';
import { childrenOf } from './unallocated.ts';

/** Pages of trees, and the inner pages that lead to them. */
export interface TreePages {
  readonly pages: ReadonlySet<number>;
  readonly inner: ReadonlySet<number>;
}

/** SQLite refuses deeper trees. */
const depthMax = 20;

/**
 * Returns the wanted pages that belong to a tree. Without `through` it reads all inner pages. `through` are inner pages
 * of an earlier call: then it reads only these, and leaves out a page that is now below another inner page.
 */
export function findInTrees(
  file: Pick<PageFile, 'read'>,
  roots: readonly number[],
  { wanted, through }: { readonly wanted: ReadonlySet<number>; readonly through?: ReadonlySet<number> },
): TreePages {
  const pages = new Set<number>();
  const inner = new Set<number>();
  const isInner = (page: number): boolean => childrenOf(file.read(page), page).length > 0;

  /** Whether the page is wanted or leads to one that is. */
  const visit = (page: number, depth: number, mayBeInner: boolean): boolean => {
    if (depth > depthMax) throw new Error(`page ${page} is below itself: the database file is damaged`);
    if (wanted.has(page)) pages.add(page);
    let leads = false;
    if (mayBeInner && through?.has(page) !== false) {
      const children = childrenOf(file.read(page), page);
      const [first] = children;
      // All leaves of a tree are at the same depth, so one child tells what its siblings are.
      const areInner = first !== undefined && (through !== undefined || isInner(first));
      for (const child of children) leads = visit(child, depth + 1, areInner) || leads;
      if (leads) inner.add(page);
    }
    return leads || wanted.has(page);
  };
  for (const root of roots) visit(root, 0, true);
  return { pages, inner };
}
