/**
 * Has SQLite arrange single pages anew, so that their room holds nothing of former cells. Whatever is done for it is
 * undone in the same transaction, which is the caller's: every row and every entry is as it was.
 */
import type Sqlite from 'better-sqlite3';
import type { PageAt } from './index-page.ts';
import { IndexPageMending } from './index-page-mending.ts';
import { type Mended, MomentUsers } from './moment-users.ts';
import type { PageKind } from './pages.ts';
import { mendTablePage } from './table-page-mending.ts';

export class PageMending {
  readonly #users: MomentUsers;
  readonly #pageAt: PageAt;
  readonly #indexes: IndexPageMending;

  /** `pageAt` gives pages as they are at this moment, but for what the present transaction has changed. */
  constructor(db: Sqlite.Database, pageBytes: number, pageAt: PageAt) {
    this.#users = new MomentUsers(db);
    this.#pageAt = pageAt;
    this.#indexes = new IndexPageMending(this.#users, pageBytes, pageAt);
  }

  mend(page: number, kind: PageKind): Mended {
    return kind === 'index' ? this.#indexes.mend(page) : mendTablePage(page, this.#pageAt, this.#users);
  }
}
