/**
 * Finds any of very many texts in one walk over the room of a page. What is left of a deleted cell there may have
 * been overwritten from either end, so a text counts as found where most of it is and the rest was cut off: three
 * quarters, and of a long text twelve bytes. Of an address that is the part in front of the domain, which it shares
 * with others; texts shorter than eight bytes, and addresses whose own part is, are found whole. Pure.
 */

const anchorBytes = 4;
const anchorBits = 20;
const pieceBytesMin = 8;
const pieceBytesMax = 12;
const pieceShare = 0.75;
const at = '@'.charCodeAt(0);
/** The first byte of a place in a page, and what deleting writes; no text has it. */
const cutMax = 0x0f;

interface Sought {
  readonly text: string;
  /** What is looked for, and how much of it in a row is enough. */
  readonly bytes: Buffer;
  readonly enough: number;
  /** Where in it the four bytes are under which it is known. */
  readonly offset: number;
}

export class TextIndex {
  readonly #byAnchor = new Map<number, Sought[]>();
  /** Which anchors there may be: most bytes of a file are none, and are passed by with one look. */
  readonly #anchors = new Uint8Array(1 << anchorBits);

  /** The texts have four bytes each at least. */
  constructor(texts: Iterable<string>) {
    for (const text of texts) this.#add(text);
  }

  /** The texts that are in the bytes, whole or for the most part. */
  findIn(bytes: Buffer): string[] {
    const found = new Set<string>();
    let anchor = 0;
    for (let end = 0; end < bytes.length; end++) {
      anchor = (anchor << 8) | (bytes[end] ?? 0);
      const from = end + 1 - anchorBytes;
      if (from < 0 || this.#anchors[placeOf(anchor)] === 0) continue;
      for (const sought of this.#byAnchor.get(anchor >>> 0) ?? []) {
        if (isThere(bytes, from, sought)) found.add(sought.text);
      }
    }
    return [...found];
  }

  /** However a text is cut, as long as enough of it is left one of its anchors is in what is left. */
  #add(text: string): void {
    const { bytes, enough } = pieceOf(text);
    const slack = enough - anchorBytes;
    for (let start = 0; start <= bytes.length - enough; ) {
      const first = start + Math.min(bytes.length - enough - start, slack >> 1);
      const offset = this.#rarest(bytes, first, start + slack);
      const anchor = bytes.readUInt32BE(offset);
      this.#anchors[placeOf(anchor)] = 1;
      const others = this.#byAnchor.get(anchor);
      const sought = { text, bytes, enough, offset };
      if (others === undefined) this.#byAnchor.set(anchor, [sought]);
      else others.push(sought);
      start = offset + 1;
    }
  }

  /** Many texts begin alike, `user-` or `+1415`: the anchor that fewest of them share is asked about least. */
  #rarest(bytes: Buffer, first: number, last: number): number {
    let best = first;
    let bestCount = Number.POSITIVE_INFINITY;
    for (let offset = first; offset <= last; offset++) {
      const count = this.#byAnchor.get(bytes.readUInt32BE(offset))?.length ?? 0;
      if (count < bestCount) [best, bestCount] = [offset, count];
    }
    return best;
  }
}

/** A place for four bytes, which others may share. */
function placeOf(anchor: number): number {
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

function isThere(within: Buffer, from: number, { bytes, enough, offset }: Sought): boolean {
  let before = 0;
  while (before < offset && within[from - before - 1] === bytes[offset - before - 1]) before++;
  let after = anchorBytes;
  while (offset + after < bytes.length && within[from + after] === bytes[offset + after]) after++;
  if (before + after < enough) return false;
  // Other texts share a part of it, and go on otherwise.
  const isWholeBefore = before === offset || isCutBefore(within, from - before - 1);
  return isWholeBefore && (offset + after === bytes.length || isCut(within[from + after]));
}

/** Places of former cells, of two bytes each, grow from the front over what is left. */
function isCutBefore(within: Buffer, last: number): boolean {
  return isCut(within[last]) || isCut(within[last - 1]);
}

function isCut(byte: number | undefined): boolean {
  return byte === undefined || byte <= cutMax;
}
