/**
 * Users that exist for a moment, within one transaction, so that what SQLite keeps of them takes room in a page and
 * leaves zeros there. Nobody ever sees one. They have numbers that no sequence gives, and hang on a real app.
 */
import type Sqlite from 'better-sqlite3';
import { payloadBytesOf, varintBytes } from './index-page.ts';

/** `nobody`: the page holds nothing of users. `stuck`: there is no way to arrange it. */
export type Mended = 'mended' | 'nobody' | 'stuck';

/** Where a user is. */
export interface Placed {
  readonly seq: number;
  readonly orgKey: number;
  readonly appKey: number;
}

/** What a user for a moment is known by; nothing where nothing is said. */
export interface Said {
  readonly externalId?: string;
  readonly email?: string;
  readonly timezone?: string;
}

const insert = `
  insert into users (
    seq, org_key, id, number, app_key, external_id, email, email_canonical, language, timezone, role, status,
    was_active, is_clinical, is_clinical_approved, is_template, is_native_signup, created_at, updated_at
  ) values (?, ?, ?, ?, ?, ?, ?, ?, '', ?, 'member', 'inactive', 0, 0, 0, 0, 0, 0, 0)`;
const zeros = 7;
const nulls = 14;
/** The length of a row, and that of a text in it, once they are more than a hundred. */
const lengthBytes = 2;

export class MomentUsers {
  readonly #db: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement<unknown[], unknown>>();

  constructor(db: Sqlite.Database) {
    this.#db = db;
  }

  /** `at` tells those apart that are there at the same time. */
  add({ seq, orgKey, appKey }: Placed, at: number, { externalId, email, timezone = '' }: Said): void {
    const known = [externalId ?? null, email ?? null, email ?? null];
    this.run(insert, seq, orgKey, idOf(at), momentSeq(at), appKey, ...known, timezone);
  }

  remove(seq: number): void {
    this.run('delete from users where seq = ?', seq);
  }

  /** Any app, for an organization without users. */
  anyApp(): Pick<Placed, 'orgKey' | 'appKey'> | undefined {
    return this.first('select org_key as orgKey, app_key as appKey from apps limit 1');
  }

  first<R>(sql: string, ...values: unknown[]): R | undefined {
    return this.#prepare(sql).get(...values) as R | undefined;
  }

  run(sql: string, ...values: unknown[]): void {
    this.#prepare(sql).run(...values);
  }

  #prepare(sql: string): Sqlite.Statement<unknown[], unknown> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare<unknown[], unknown>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** A number that no user has and no sequence gives. */
export function momentSeq(at: number): number {
  return -1 - at;
}

/** What the row takes of a page of the table beside its time zone, where that is long. */
export function momentBytes({ seq, orgKey, appKey }: Placed, at: number): number {
  const integers = [orgKey, momentSeq(at), appKey, ...Array.from({ length: zeros }, () => 0)];
  const texts = [idOf(at), '', 'member', 'inactive'].map((text) => text.length);
  return 2 * lengthBytes + varintBytes(seq) + payloadBytesOf(integers, texts, nulls);
}

function idOf(at: number): string {
  return `moment ${at}`;
}
