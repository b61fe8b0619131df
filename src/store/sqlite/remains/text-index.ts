/**
 * Finds any of very many texts in one walk over bytes. What is left of a deleted cell may have been overwritten from
 * either end, so a text counts as found where most of it is there and the rest was cut off: three quarters, and of a
 * long text twelve bytes. Of an address that is the part in front of the domain, which many people share. Texts shorter
 * than eight bytes, and addresses whose own part is, are found whole. Pure.
 *
 * Each text is known by some of its four bytes in a row, its anchors. Texts that are equal up to an anchor form a group,
 * sorted: thousands of URLs that begin alike are compared as one, and a search in the group separates them.
 */

const anchorBytes = 4;
const anchorBits = 20;
const pieceBytesMin = 8;
const pieceBytesMax = 12;
const pieceShare = 0.75;
const at = '@'.charCodeAt(0);
/** The largest first byte of a cell pointer, and of what a deletion writes; no text has such a byte. */
const cutMax = 0x0f;

interface Sought {
  readonly text: string;
  /** What is searched for, and how much of it in a row is enough. */
  readonly bytes: Buffer;
  readonly enough: number;
}

/** Texts that have the same bytes up to an anchor and in it. */
interface Group {
  /** Where in them the anchor begins. */
  readonly offset: number;
  readonly texts: Sought[];
}

export class TextIndex {
  /** By anchor, and within it by offset and what is in front of it. */
  readonly #byAnchor = new Map<number, Map<string, Group>>();
  /** How many texts have the anchor. */
  readonly #shares = new Map<number, number>();
  /** Which anchors exist, so that most bytes need one look-up. */
  readonly #anchors = new Uint8Array(1 << anchorBits);

  /** The texts have four bytes each at least. */
  constructor(texts: Iterable<string>) {
    for (const text of texts) this.#add(text);
    for (const groups of this.#byAnchor.values()) {
      for (const group of groups.values()) group.texts.sort((a, b) => a.bytes.compare(b.bytes));
    }
  }

  /** The texts that are in the bytes, whole or for the most part. */
  findIn(bytes: Buffer): string[] {
    const found = new Set<string>();
    let anchor = 0;
    for (let end = 0; end < bytes.length; end++) {
      anchor = (anchor << 8) | (bytes[end] ?? 0);
      const from = end + 1 - anchorBytes;
      if (from < 0 || this.#anchors[slotOf(anchor)] === 0) continue;
      for (const group of this.#byAnchor.get(anchor >>> 0)?.values() ?? []) {
        for (const { text } of foundOf(group, bytes, from)) found.add(text);
      }
    }
    return [...found];
  }

  /** Chooses anchors so that every sufficient piece of the text contains one. */
  #add(text: string): void {
    const { bytes, enough } = pieceOf(text);
    const slack = enough - anchorBytes;
    for (let start = 0; start <= bytes.length - enough; ) {
      const first = start + Math.min(bytes.length - enough - start, slack >> 1);
      const offset = this.#rarest(bytes, first, start + slack);
      const anchor = bytes.readUInt32BE(offset);
      this.#anchors[slotOf(anchor)] = 1;
      this.#shares.set(anchor, (this.#shares.get(anchor) ?? 0) + 1);
      const groups = this.#byAnchor.get(anchor) ?? new Map<string, Group>();
      this.#byAnchor.set(anchor, groups);
      const before = bytes.toString('latin1', 0, offset);
      const group = groups.get(before) ?? { offset, texts: [] };
      groups.set(before, group);
      group.texts.push({ text, bytes, enough });
      start = offset + 1;
    }
  }

  /** Many texts begin alike, `user-` or `+1415`: the anchor that fewest of them share costs least. */
  #rarest(bytes: Buffer, first: number, last: number): number {
    let best = first;
    let bestCount = Number.POSITIVE_INFINITY;
    for (let offset = first; offset <= last; offset++) {
      const count = this.#shares.get(bytes.readUInt32BE(offset)) ?? 0;
      if (count < bestCount) [best, bestCount] = [offset, count];
    }
    return best;
  }
}

/** The slot of an anchor; several anchors may share one. */
function slotOf(anchor: number): number {
  return Math.imul(anchor, 0x9e37_79b1) >>> (32 - anchorBits);
}

function pieceOf(text: string): Pick<Sought, 'bytes' | 'enough'> {
  const whole = Buffer.from(text);
  const own = whole.subarray(0, whole.lastIndexOf(at) + 1);
  const bytes = own.length >= pieceBytesMin ? own : whole;
  const isWhole = whole.length < pieceBytesMin || (own.length > 0 && own.length < pieceBytesMin);
  if (isWhole) return { bytes, enough: bytes.length };
  const most = Math.max(pieceBytesMin, Math.ceil(bytes.length * pieceShare));
  return { bytes, enough: Math.min(pieceBytesMax, most) };
}

/** Those of the group of which enough is around an anchor, and nothing else where the rest of them should be. */
function* foundOf({ offset, texts }: Group, within: Buffer, from: number): Generator<Sought> {
  const [any] = texts;
  let before = 0;
  while (before < offset && within[from - before - 1] === any?.bytes[offset - before - 1]) before++;
  // Other texts share this part, and differ after it.
  if (before < offset && !isCutBefore(within, from - before - 1)) return;
  // Those from `first` up to `last` have the same bytes as `within` up to `depth`.
  let [first, last] = [0, texts.length];
  for (let depth = offset + anchorBytes; first < last; depth++) {
    const length = before + depth - offset;
    const byte = within[from + depth - offset];
    const isEnd = isCut(byte);
    for (let each = texts[first]; each !== undefined && first < last; each = texts[first]) {
      if (!isEnd && each.bytes.length > depth) break;
      if (length >= each.enough) yield each;
      first += 1;
    }
    if (isEnd || byte === undefined) return;
    [first, last] = [
      lowerBound(texts, { first, last, depth, byte }),
      lowerBound(texts, { first, last, depth, byte: byte + 1 }),
    ];
  }
}

interface Search {
  readonly first: number;
  readonly last: number;
  readonly depth: number;
  readonly byte: number;
}

/** The first of the texts, which are equal up to `depth`, whose byte there is not smaller. */
function lowerBound(texts: readonly Sought[], { first, last, depth, byte }: Search): number {
  let [low, high] = [first, last];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((texts[middle]?.bytes[depth] ?? 0) < byte) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Pointers of former cells, of two bytes each, grow from the front over what is left. */
function isCutBefore(within: Buffer, last: number): boolean {
  return isCut(within[last]) || isCut(within[last - 1]);
}

function isCut(byte: number | undefined): boolean {
  return byte === undefined || byte <= cutMax;
}
