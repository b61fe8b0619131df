/**
 * A leaf of a search block as bytes: a run of tokens in ascending order, each with the users who have it. A user is the
 * distance of its sequence number from the first one of the block. A leaf fits into half a database page, except where
 * the users of one token need more.
 *
 * Layout, little-endian: the number of tokens (uint16), the tokens (uint32 each), the end of each list (uint16 each, in
 * bytes from the first list on), the lists. A list is ascending: the distance of the first user, then the difference to
 * the one before, each in bytes of 7 bits, the lowest first, with the 8th bit where more follow.
 */

const headBytes = 2;
const tokenBytes = 4;
const endBytes = 2;
/** PostgreSQL stores a longer value in pieces outside its row, and two such leaves fit into a page of SQLite. */
const leafBytesMax = 1_900;

/** The users of a token, as ascending distances from the beginning of the block. */
export interface Posting {
  readonly token: number;
  readonly users: readonly number[];
}

/** A leaf to be written: its key and its bytes. */
export interface PackedLeaf {
  readonly token: number;
  readonly entries: Uint8Array;
}

/** Reads a leaf: its tokens by their place, and the users of each. */
export class LeafReader {
  readonly count: number;
  readonly #entries: Uint8Array;
  readonly #view: DataView;

  constructor(entries: Uint8Array) {
    this.#entries = entries;
    this.#view = viewOf(entries);
    this.count = this.#view.getUint16(0, true);
  }

  token(at: number): number {
    return this.#view.getUint32(headBytes + at * tokenBytes, true);
  }

  /** The place of the first token that is not below this one. */
  placeOf(token: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.token(middle) < token) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Copies the list of a token to a place; returns where it ends there. Most lists have a few bytes, so no view is made. */
  copyList(at: number, target: Uint8Array, to: number): number {
    const end = this.#start(at + 1);
    let place = to;
    for (let byte = this.#start(at); byte < end; byte++) target[place++] = this.#entries[byte] ?? 0;
    return place;
  }

  users(at: number): number[] {
    const users: number[] = [];
    let user = 0;
    const end = this.#start(at + 1);
    for (let byte = this.#start(at); byte < end; ) {
      let scale = 1;
      let part = this.#entries[byte++] ?? 0;
      for (; part > 127; part = this.#entries[byte++] ?? 0) {
        user += (part - 128) * scale;
        scale *= 128;
      }
      user += part * scale;
      users.push(user);
    }
    return users;
  }

  /** Where the list of a token begins, which is where the one before ends. */
  #start(at: number): number {
    const ends = headBytes + this.count * tokenBytes;
    const lists = ends + this.count * endBytes;
    return at === 0 ? lists : lists + this.#view.getUint16(ends + (at - 1) * endBytes, true);
  }
}

/** The users of one token in a leaf; none where the leaf does not have it. */
export function usersOf(entries: Uint8Array, token: number): number[] {
  const leaf = new LeafReader(entries);
  const at = leaf.placeOf(token);
  return at < leaf.count && leaf.token(at) === token ? leaf.users(at) : [];
}

/** All postings of a leaf. */
export function unpackLeaf(entries: Uint8Array): Posting[] {
  const leaf = new LeafReader(entries);
  return Array.from({ length: leaf.count }, (_, at) => ({ token: leaf.token(at), users: leaf.users(at) }));
}

/** Packs postings, in the order of their tokens, into as many leaves as they need. */
export class LeafPacker {
  #leaves: PackedLeaf[] = [];
  #tokens: number[] = [];
  #ends: number[] = [];
  #lists = Buffer.allocUnsafe(65_536);
  #used = 0;

  /** Adds a token with its users in ascending order. */
  add({ token, users }: { readonly token: number; readonly users: ArrayLike<number> }): void {
    const from = this.#used;
    this.#write(users);
    this.#end(token, from);
  }

  /** Adds the token at that place of a leaf, with its users. */
  copy(leaf: LeafReader, at: number): void {
    const from = this.#used;
    this.#used = leaf.copyList(at, this.#lists, from);
    this.#end(leaf.token(at), from);
  }

  /** Ends the token whose list begins at `from`. */
  #end(token: number, from: number): void {
    const bytes = headBytes + (this.#tokens.length + 1) * (tokenBytes + endBytes) + this.#used;
    if (bytes > leafBytesMax && this.#tokens.length > 0) {
      const list = Uint8Array.from(this.#lists.subarray(from, this.#used));
      this.#used = from;
      this.#endLeaf();
      this.#lists.set(list);
      this.#used = list.length;
    }
    this.#tokens.push(token);
    this.#ends.push(this.#used);
  }

  /** The leaves of all tokens since the last ones were finished. */
  finish(): readonly PackedLeaf[] {
    this.#endLeaf();
    const leaves = this.#leaves;
    this.#leaves = [];
    return leaves;
  }

  #endLeaf(): void {
    const [first] = this.#tokens;
    if (first === undefined) return;
    const count = this.#tokens.length;
    const start = headBytes + count * (tokenBytes + endBytes);
    const entries = new Uint8Array(start + this.#used);
    const view = viewOf(entries);
    view.setUint16(0, count, true);
    for (let at = 0; at < count; at++) {
      view.setUint32(headBytes + at * tokenBytes, this.#tokens[at] ?? 0, true);
      view.setUint16(headBytes + count * tokenBytes + at * endBytes, this.#ends[at] ?? 0, true);
    }
    entries.set(this.#lists.subarray(0, this.#used), start);
    this.#leaves.push({ token: first, entries });
    this.#tokens = [];
    this.#ends = [];
    this.#used = 0;
  }

  #write(users: ArrayLike<number>): void {
    const lists = this.#lists;
    let at = this.#used;
    let before = 0;
    for (let index = 0; index < users.length; index++) {
      const user = users[index] ?? 0;
      let rest = user - before;
      before = user;
      for (; rest > 127; rest = Math.floor(rest / 128)) lists[at++] = (rest % 128) | 128;
      lists[at++] = rest;
    }
    this.#used = at;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
