/**
 * Has SQLite arrange a page of an index anew, of those by which people are known. Everything is undone at once.
 *
 * - A leaf: entries for a moment fill its room to the last byte. Each byte of it was then written over, or
 *   overwritten when SQLite moved the cells together, and goes to zeros with them.
 * - An inner page: an entry that is taken away has the one in front of it, from a leaf, move to its place. Before,
 *   one for a moment is put in front of it that is as long as the room.
 */

import {
  childBytes,
  type IndexEntry,
  type IndexPage,
  type IndexValue,
  type PageAt,
  pointerBytes,
  readIndexPage,
  textBytesFor,
} from './index-page.ts';
import { type Mended, type MomentUsers, momentSeq, type Placed } from './moment-users.ts';

/** The indexes that repeat what a person is known by, by the number of values in an entry. */
const textColumns = new Map([
  [3, 'email_canonical'],
  [4, 'external_id'],
] as const);
type TextColumn = 'email_canonical' | 'external_id';

/** Less than this is not looked for in the room of a page. */
const spareBytesMax = 3;
/** More of an entry does not lie on its page. */
const entryBytesMax = 1_000;
const depthMax = 20;

/** What an entry says. */
interface Key {
  readonly column: TextColumn;
  readonly orgKey: number;
  readonly appKey: number;
  readonly text: string;
}

/** A user with such an entry. */
interface Owner extends Key {
  readonly seq: number;
  readonly email: string | null;
}

interface UserRow extends Placed {
  readonly external_id: string | null;
  readonly email: string | null;
  readonly email_canonical: string | null;
}

/** Grows one entry of an inner page, by way of what stands in front of it. */
interface Swap {
  readonly owner: Owner;
  readonly before: Key;
  readonly textBytes: number;
}

export class IndexPageMending {
  readonly #users: MomentUsers;
  readonly #pageBytes: number;
  readonly #pageAt: PageAt;

  constructor(users: MomentUsers, pageBytes: number, pageAt: PageAt) {
    this.#users = users;
    this.#pageBytes = pageBytes;
    this.#pageAt = pageAt;
  }

  mend(page: number): Mended {
    const read = readIndexPage(page, this.#pageAt);
    if (read === null) return 'nobody';
    if (read.entries.length === 0) return this.#mendEmpty(page, read);
    return read.isLeaf ? this.#mendLeaf(read) : this.#mendInner(read);
  }

  #mendEmpty(page: number, { freeBytes }: IndexPage): Mended {
    const index = this.#users.first<{ name: string }>(
      'select name from sqlite_schema where rootpage = ?',
      page,
    );
    const column = [...textColumns.values()].find((each) => index?.name === `users_${each}`);
    const app = this.#users.anyApp();
    if (column === undefined || app === undefined) return 'nobody';
    const key = { column, ...app, text: '' };
    const lengths = this.#lengthsFor(freeBytes, key);
    if (lengths === null) return 'stuck';
    this.#fill(key, lengths);
    return 'mended';
  }

  #mendLeaf({ entries, freeBytes }: IndexPage): Mended {
    let isNobody = true;
    for (const [at, entry] of entries.entries()) {
      const owner = this.#ownerOf(entry);
      if (owner === null) continue;
      isNobody = false;
      // Behind it comes what begins as it does, up to the next entry; behind the last one that is another page's.
      const next = entries[at + 1];
      if (entries.length > 1 && (next === undefined || isSameText(owner, next.read()))) continue;
      const lengths = this.#lengthsFor(freeBytes, owner);
      if (lengths !== null) {
        this.#fill(owner, lengths);
        return 'mended';
      }
      const more = this.#lengthsFor(freeBytes + entry.bytes + pointerBytes, owner);
      if (more === null) continue;
      this.#takeOut(owner);
      this.#fill(owner, more);
      this.#putBack(owner);
      return 'mended';
    }
    return isNobody ? 'nobody' : 'stuck';
  }

  #mendInner({ entries, freeBytes }: IndexPage): Mended {
    const swaps: Swap[] = [];
    let missing = freeBytes;
    let isNobody = true;
    for (const entry of entries) {
      if (missing <= spareBytesMax) break;
      const owner = this.#ownerOf(entry);
      if (owner === null) continue;
      isNobody = false;
      const leaf = this.#lastLeafOf(entry.child);
      const before = leaf?.entries.at(-1)?.read();
      const key = before === undefined ? null : keyOf(before, owner);
      if (leaf === null || before === undefined || key?.orgKey !== owner.orgKey) continue;
      if (isSameText(owner, before)) continue;
      // A leaf that is emptier may be joined to others when the entry leaves it.
      const room = 3 * leaf.freeBytes > 2 * this.#pageBytes ? 0 : leaf.freeBytes - pointerBytes;
      const most = Math.min(room, entryBytesMax) + childBytes - entry.bytes;
      const grown = Math.min(missing, most);
      const textBytes = this.#textBytesFor(entry.bytes + grown - childBytes, key, swaps.length);
      if (grown <= 0 || textBytes === null) continue;
      swaps.push({ owner, before: key, textBytes });
      missing -= grown;
    }
    if (isNobody) return 'nobody';
    if (missing > spareBytesMax) return 'stuck';
    for (const [at, { before, textBytes, owner }] of swaps.entries()) {
      this.#add(before, at, textBytes);
      this.#takeOut(owner);
    }
    for (const at of swaps.keys()) this.#users.remove(momentSeq(at));
    for (const { owner } of swaps) this.#putBack(owner);
    return 'mended';
  }

  #lastLeafOf(page: number): IndexPage | null {
    let read = readIndexPage(page, this.#pageAt);
    for (let depth = 0; read !== null && !read.isLeaf; depth++) {
      if (depth === depthMax) return null;
      read = readIndexPage(read.lastChild, this.#pageAt);
    }
    return read;
  }

  /** The user whom the entry is about; null where it is one of another index. */
  #ownerOf(entry: IndexEntry): Owner | null {
    const values = entry.read();
    const seq = values.at(-1);
    if (typeof seq !== 'number') return null;
    const row = this.#users.first<UserRow>(
      'select seq, org_key as orgKey, app_key as appKey, external_id, email, email_canonical from users where seq = ?',
      seq,
    );
    const key = row === undefined ? null : keyOf(values, { appKey: row.appKey });
    if (row === undefined || key === null) return null;
    const isOwn = row.orgKey === key.orgKey && row[key.column] === key.text;
    return isOwn ? { ...key, seq, email: row.email } : null;
  }

  /** The lengths of texts whose entries, right behind the key, fill the room; null where there are none. */
  #lengthsFor(freeBytes: number, key: Key): readonly number[] | null {
    const least = Math.max(1, Math.ceil(freeBytes / (entryBytesMax + pointerBytes)));
    for (let count = least; count <= least + 1; count++) {
      const lengths: number[] = [];
      for (let at = 0, left = freeBytes; at < count; at++) {
        const share = Math.floor(left / (count - at));
        const length = this.#textBytesFor(share - pointerBytes, key, at);
        if (length === null) break;
        lengths.push(length);
        left -= share;
      }
      if (lengths.length === count) return lengths;
    }
    return null;
  }

  /** For an entry of that size, or of a few bytes less where no text makes it. */
  #textBytesFor(bytes: number, { column, orgKey, appKey, text }: Key, at: number): number | null {
    const integers = column === 'external_id' ? [orgKey, appKey, momentSeq(at)] : [orgKey, momentSeq(at)];
    const at1 = { integers, leastBytes: Buffer.byteLength(text) + 1, pageBytes: this.#pageBytes };
    return textBytesFor(bytes, at1) ?? textBytesFor(bytes - 1, at1);
  }

  #fill(key: Key, lengths: readonly number[]): void {
    for (const [at, length] of lengths.entries()) this.#add(key, at, length);
    for (const at of lengths.keys()) this.#users.remove(momentSeq(at));
  }

  /** An entry for a moment, right behind that of the key. */
  #add({ column, orgKey, appKey, text }: Key, at: number, textBytes: number): void {
    const padding = '\0'.repeat(textBytes - Buffer.byteLength(text) - 1);
    const padded = `${text}${padding}${String.fromCharCode(1 + at)}`;
    const known = column === 'external_id' ? { externalId: padded } : { email: padded };
    this.#users.add({ seq: momentSeq(at), orgKey, appKey }, at, known);
  }

  #takeOut({ column, seq }: Owner): void {
    if (column === 'external_id') this.#users.run('update users set external_id = null where seq = ?', seq);
    else this.#users.run('update users set email = null, email_canonical = null where seq = ?', seq);
  }

  #putBack({ column, seq, email, text }: Owner): void {
    if (column === 'external_id')
      this.#users.run('update users set external_id = ? where seq = ?', text, seq);
    else this.#users.run('update users set email = ?, email_canonical = ? where seq = ?', email, text, seq);
  }
}

/** What an entry of the form says; of one without an app, the app is the owner's. */
function keyOf(values: readonly IndexValue[], { appKey }: { readonly appKey: number }): Key | null {
  const [orgKey, text, app] = values;
  const column = textColumns.get(values.length === 4 ? 4 : 3);
  if (values.length < 3 || values.length > 4 || column === undefined) return null;
  if (typeof orgKey !== 'number' || typeof text !== 'string' || typeof app !== 'number') return null;
  return { column, orgKey, text, appKey: column === 'external_id' ? app : appKey };
}

function isSameText({ orgKey, text }: Key, values: readonly IndexValue[]): boolean {
  return values[0] === orgKey && values[1] === text;
}
