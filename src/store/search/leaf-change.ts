/** Users lose tokens of a search block or get some: the changes, and the leaves that come in place of a changed one. */
import { tokensOf } from '../../core/search/tokens.ts';
import { type LeafPacker, LeafReader, type PackedLeaf } from './search-leaf.ts';

/** A user who is put into its block or taken out of it. */
export interface Move {
  readonly seq: number;
  readonly text: string;
  readonly delta: 1 | -1;
}

/** Who loses a token (-1) or gets it (1), as distances from the beginning of the block. */
export interface TokenChange {
  readonly token: number;
  readonly users: ReadonlyMap<number, number>;
}

/** The changes of a block, in the order of their tokens. */
export function tokenChangesOf(block: number, moves: readonly Move[]): readonly TokenChange[] {
  const changes = new Map<number, Map<number, number>>();
  // Who gets a token that it also loses keeps it: the additions come last.
  for (const { seq, text, delta } of moves.toSorted((left, right) => left.delta - right.delta)) {
    for (const token of tokensOf(text)) {
      let users = changes.get(token);
      if (users === undefined) {
        users = new Map();
        changes.set(token, users);
      }
      users.set(seq - block, delta);
    }
  }
  return [...changes]
    .map(([token, users]) => ({ token, users }))
    .sort((left, right) => left.token - right.token);
}

/**
 * The leaves in place of one, after changes in the order of their tokens; null where these change nothing. `entries` are null
 * where no leaf is there yet. The lists of other tokens are copied as they are. The packer is free before and after.
 */
export function changeLeaf(
  packer: LeafPacker,
  entries: Uint8Array | null,
  changes: readonly TokenChange[],
): readonly PackedLeaf[] | null {
  const leaf = entries === null ? null : new LeafReader(entries);
  const count = leaf?.count ?? 0;
  let isChanged = false;
  let at = 0;
  const copyUpTo = (end: number): void => {
    for (; leaf !== null && at < end; at++) packer.copy(leaf, at);
  };
  for (const { token, users } of changes) {
    copyUpTo(leaf?.placeOf(token) ?? 0);
    const isThere = leaf !== null && at < count && leaf.token(at) === token;
    const after = isThere ? changeUsers(leaf.users(at), users) : changeUsers([], users);
    if (after === null) {
      if (isThere) copyUpTo(at + 1);
      continue;
    }
    isChanged = true;
    if (isThere) at++;
    if (after.length > 0) packer.add({ token, users: after });
  }
  copyUpTo(count);
  const leaves = packer.finish();
  return isChanged ? leaves : null;
}

/** Null where these change nothing. Both lists are walked once, because a frequent token has thousands of users. */
function changeUsers(
  before: readonly number[],
  changes: ReadonlyMap<number, number>,
): readonly number[] | null {
  const moved = [...changes].sort(([left], [right]) => left - right);
  const after: number[] = [];
  let isChanged = false;
  let next = 0;
  const addUpTo = (end: number): void => {
    for (let move = moved[next]; move !== undefined && move[0] < end; move = moved[++next]) {
      if (move[1] !== 1) continue;
      after.push(move[0]);
      isChanged = true;
    }
  };
  let nextUser = moved[0]?.[0] ?? Number.POSITIVE_INFINITY;
  for (const user of before) {
    if (user >= nextUser) {
      addUpTo(user);
      const move = moved[next];
      const isOwn = move !== undefined && move[0] === user;
      if (isOwn) next++;
      nextUser = moved[next]?.[0] ?? Number.POSITIVE_INFINITY;
      if (isOwn && move[1] === -1) {
        isChanged = true;
        continue;
      }
    }
    after.push(user);
  }
  addUpTo(Number.POSITIVE_INFINITY);
  return isChanged ? after : null;
}
