/**
 * Pages of an index as SQLite writes them (https://www.sqlite.org/fileformat2.html): what their entries say, how much
 * room is left, and how long a text has to be for its entry to take a certain number of bytes. Pure: whoever asks
 * brings the bytes of pages.
 */
import { readVarint } from './pages.ts';

export type IndexValue = number | string | null;

export interface IndexEntry {
  /** What it takes of its page, without the pointer to it. */
  readonly bytes: number;
  /** The page of the entries in front of it; 0 on a leaf. */
  readonly child: number;
  /** What it says: columns of the index, then the row's number. Values of other kinds are null. */
  read(): readonly IndexValue[];
}

export interface IndexPage {
  readonly isLeaf: boolean;
  readonly entries: readonly IndexEntry[];
  /** The page of what comes after the last entry; 0 on a leaf. */
  readonly lastChild: number;
  /** All that neither header nor pointers nor entries take. */
  readonly freeBytes: number;
}

/** Gives a page of the file by its number, from 1. */
export type PageAt = (page: number) => Buffer;

/** The bytes of the pointer to an entry. */
export const pointerBytes = 2;
/** The number of a page, which each entry of an inner page begins with. */
export const childBytes = 4;

const innerType = 2;
const leafType = 10;
const headerBytes = { inner: 12, leaf: 8 };
const entryBytesMin = 4;
const overflowBytes = 4;
const pagesMax = 100;

/** The page of that number; null where it is none of an index. */
export function readIndexPage(page: number, pageAt: PageAt): IndexPage | null {
  const bytes = pageAt(page);
  const isLeaf = bytes[0] === leafType;
  if (!isLeaf && bytes[0] !== innerType) return null;
  try {
    const header = isLeaf ? headerBytes.leaf : headerBytes.inner;
    const count = bytes.readUInt16BE(3);
    const entries = Array.from({ length: count }, (_, at) =>
      readEntry(bytes, bytes.readUInt16BE(header + pointerBytes * at), isLeaf, pageAt),
    );
    const taken = entries.reduce((sum, entry) => sum + entry.bytes + pointerBytes, header);
    const lastChild = isLeaf ? 0 : bytes.readUInt32BE(8);
    return { isLeaf, entries, lastChild, freeBytes: bytes.length - taken };
  } catch (error) {
    // Another kind of page may begin with the same number.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readEntry(bytes: Buffer, at: number, isLeaf: boolean, pageAt: PageAt): IndexEntry {
  const start = isLeaf ? at : at + childBytes;
  const [payload, body] = readVarint(bytes, start);
  const local = localBytes(payload, bytes.length);
  const end = body + local + (local < payload ? overflowBytes : 0);
  return {
    bytes: Math.max(entryBytesMin, end - start) + start - at,
    child: isLeaf ? 0 : bytes.readUInt32BE(at),
    read() {
      const first = bytes.subarray(body, body + local);
      if (local === payload) return valuesIn(first);
      const rest = readOverflow(bytes.readUInt32BE(body + local), payload - local, pageAt);
      return valuesIn(Buffer.concat([first, ...rest]));
    },
  };
}

function readOverflow(first: number, length: number, pageAt: PageAt): Buffer[] {
  const pieces: Buffer[] = [];
  for (let page = first, left = length; left > 0 && pieces.length < pagesMax; ) {
    const bytes = pageAt(page);
    const piece = bytes.subarray(overflowBytes, overflowBytes + left);
    pieces.push(piece);
    left -= piece.length;
    page = bytes.readUInt32BE(0);
  }
  return pieces;
}

/** How much of an entry lies on the page itself. */
function localBytes(payload: number, pageBytes: number): number {
  const most = shareOf(64, pageBytes);
  if (payload <= most) return payload;
  const least = shareOf(32, pageBytes);
  const local = least + ((payload - least) % (pageBytes - overflowBytes));
  return local <= most ? local : least;
}

function shareOf(share: number, pageBytes: number): number {
  return Math.floor(((pageBytes - 12) * share) / 255) - 23;
}

function valuesIn(payload: Buffer): IndexValue[] {
  let [end, at] = readVarint(payload, 0);
  const types: number[] = [];
  for (const headerEnd = end; at < headerEnd; ) {
    const [type, after] = readVarint(payload, at);
    types.push(type);
    at = after;
  }
  return types.map((type) => {
    const start = end;
    end += bytesOfType(type);
    if (type === 8 || type === 9) return type - 8;
    if (type >= 1 && type <= 5) return payload.readIntBE(start, bytesOfType(type));
    if (type === 6) return Number(payload.readBigInt64BE(start));
    return type >= 13 && type % 2 === 1 ? payload.toString('utf8', start, end) : null;
  });
}

function bytesOfType(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8][type] ?? 0;
}

/** What an entry takes on a leaf, by its payload. */
function entryBytesOf(payload: number, pageBytes: number): number {
  const local = localBytes(payload, pageBytes);
  const taken = varintBytes(payload) + local + (local < payload ? overflowBytes : 0);
  return Math.max(entryBytesMin, taken);
}

/** The payload that these values make, in any order: integers, and texts by their bytes; a null takes one byte. */
export function payloadBytesOf(integers: readonly number[], textBytes: readonly number[], nulls = 0): number {
  const types = [...integers.map(typeOf), ...textBytes.map((bytes) => 13 + 2 * bytes)];
  const header = types.reduce((sum, type) => sum + varintBytes(type), 1 + nulls);
  return types.reduce((sum, type) => sum + bytesOfType(type), header);
}

function typeOf(integer: number): number {
  if (integer === 0 || integer === 1) return 8 + integer;
  const size = integer < 0 ? -(integer + 1) : integer;
  const limits = [0x7f, 0x7fff, 0x7f_ffff, 0x7fff_ffff, 0x7fff_ffff_ffff];
  const at = limits.findIndex((limit) => size <= limit);
  return at === -1 ? 6 : at + 1;
}

/** How long a number is as SQLite writes it before a value; a negative one is always nine bytes. */
export function varintBytes(value: number): number {
  if (value < 0) return 9;
  let bytes = 1;
  for (let left = value; left >= 128; left = Math.floor(left / 128)) bytes += 1;
  return bytes;
}

/** Beyond these numbers beside a text nothing is different, so few lengths have to be tried. */
const slack = 40;

/**
 * How many bytes a text has to have, `leastBytes` or more, for its entry beside these integers to take exactly
 * `bytes` on a leaf; null where no length does. A text that is too long for the page goes on elsewhere, and leaves
 * as much here as its length says.
 */
export function textBytesFor(
  bytes: number,
  {
    integers,
    leastBytes,
    pageBytes,
  }: { readonly integers: readonly number[]; readonly leastBytes: number; readonly pageBytes: number },
): number | null {
  for (const from of [bytes - slack, bytes - slack + pageBytes - overflowBytes]) {
    for (let length = Math.max(leastBytes, from); length <= from + slack; length++) {
      if (entryBytesOf(payloadBytesOf(integers, [length]), pageBytes) === bytes) return length;
    }
  }
  return null;
}
