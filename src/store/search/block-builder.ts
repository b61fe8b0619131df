/**
 * Builds the leaves of a search block from the search texts of its users. The tokens of all users are sorted by counting,
 * in two passes of 16 bits; the order of the users within a token stays.
 */
import { tokensOf } from '../../core/search/tokens.ts';
import { LeafPacker, type PackedLeaf } from './search-leaf.ts';

/** A user of a block: the distance of its sequence number from the first one of the block, and its search text. */
export interface BlockUser {
  readonly at: number;
  readonly text: string;
}

/** The leaves of a block with these users, who come in ascending order. */
export function buildLeaves(users: readonly BlockUser[]): readonly PackedLeaf[] {
  const tokens: number[] = [];
  const owners: number[] = [];
  for (const { at, text } of users) {
    for (const token of tokensOf(text)) {
      tokens.push(token);
      owners.push(at);
    }
  }
  const low = sorted(new Uint32Array(tokens), new Uint32Array(owners), 0);
  const { tokens: ordered, owners: ownersOf } = sorted(low.tokens, low.owners, 16);
  const packer = new LeafPacker();
  const list = new Uint32Array(users.length);
  for (let at = 0; at < ordered.length; ) {
    const token = ordered[at] ?? 0;
    let length = 0;
    for (; at < ordered.length && ordered[at] === token; at++) {
      const owner = ownersOf[at] ?? 0;
      if (length === 0 || list[length - 1] !== owner) list[length++] = owner;
    }
    packer.add({ token, users: list.subarray(0, length) });
  }
  return packer.finish();
}

interface Pairs {
  readonly tokens: Uint32Array;
  readonly owners: Uint32Array;
}

const digits = 65_536;

/** Sorts the pairs by 16 bits of the token, from bit `shift` on. Pairs with the same bits keep their order. */
function sorted(tokens: Uint32Array, owners: Uint32Array, shift: number): Pairs {
  const next = new Uint32Array(digits + 1);
  for (const token of tokens)
    next[((token >>> shift) & 0xff_ff) + 1] = (next[((token >>> shift) & 0xff_ff) + 1] ?? 0) + 1;
  for (let at = 0; at < digits; at++) next[at + 1] = (next[at + 1] ?? 0) + (next[at] ?? 0);
  const result = { tokens: new Uint32Array(tokens.length), owners: new Uint32Array(tokens.length) };
  for (let from = 0; from < tokens.length; from++) {
    const token = tokens[from] ?? 0;
    const digit = (token >>> shift) & 0xff_ff;
    const to = next[digit] ?? 0;
    next[digit] = to + 1;
    result.tokens[to] = token;
    result.owners[to] = owners[from] ?? 0;
  }
  return result;
}
