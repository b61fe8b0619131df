/**
 * Draws a text as a QR code (ISO/IEC 18004): bytes, error correction of level M, versions 1 to 12, which hold up to 287 bytes.
 * That is room for the address of an authenticator app, and for nothing else.
 */

/** For each version from 1: code words of error correction in a block, and the sizes of the blocks' data. */
const versions: readonly { readonly check: number; readonly blocks: readonly number[] }[] = [
  { check: 10, blocks: [16] },
  { check: 16, blocks: [28] },
  { check: 26, blocks: [44] },
  { check: 18, blocks: [32, 32] },
  { check: 24, blocks: [43, 43] },
  { check: 16, blocks: [27, 27, 27, 27] },
  { check: 18, blocks: [31, 31, 31, 31] },
  { check: 22, blocks: [38, 38, 39, 39] },
  { check: 22, blocks: [36, 36, 36, 37, 37] },
  { check: 26, blocks: [43, 43, 43, 43, 44] },
  { check: 30, blocks: [50, 51, 51, 51, 51] },
  { check: 22, blocks: [36, 36, 36, 36, 36, 36, 37, 37] },
];

/** The lines on which the small squares stand, for each version. */
const alignments: readonly (readonly number[])[] = [
  ...[[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34]],
  ...[
    [6, 22, 38],
    [6, 24, 42],
    [6, 26, 46],
    [6, 28, 50],
    [6, 30, 54],
    [6, 32, 58],
  ],
];

const byteMode = 0b0100;
/** Level M in the format of the code. */
const levelBits = 0b00;
const padding = [0xec, 0x11] as const;

/** The code as rows of dark (`true`) and light modules, without the light border. Throws for a text that is too long. */
export function qrModules(text: string): readonly (readonly boolean[])[] {
  const bytes = new TextEncoder().encode(text);
  const index = versions.findIndex(({ blocks }, at) => {
    const room = blocks.reduce((sum, size) => sum + size, 0) * 8;
    return 4 + lengthBits(at + 1) + bytes.length * 8 <= room;
  });
  const version = versions[index];
  if (version === undefined) throw new RangeError('the text is too long for a QR code');
  const words = interleave(dataWords(bytes, index + 1, version.blocks), version);
  const candidates = masks.map((_, mask) => drawn(index + 1, words, mask));
  const best = candidates.reduce((least, each) => (penalty(each) < penalty(least) ? each : least));
  return best;
}

function lengthBits(version: number): number {
  return version < 10 ? 8 : 16;
}

/** The text as code words, filled up to the room of the version. */
function dataWords(bytes: Uint8Array, version: number, blocks: readonly number[]): number[] {
  const room = blocks.reduce((sum, size) => sum + size, 0);
  const bits: number[] = [];
  const add = (value: number, length: number): void => {
    for (let at = length - 1; at >= 0; at -= 1) bits.push((value >>> at) & 1);
  };
  add(byteMode, 4);
  add(bytes.length, lengthBits(version));
  for (const byte of bytes) add(byte, 8);
  add(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8 !== 0) bits.push(0);
  const words: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    words.push(bits.slice(at, at + 8).reduce((sum, bit) => sum * 2 + bit, 0));
  }
  for (let at = 0; words.length < room; at += 1) words.push(padding[at % 2 === 0 ? 0 : 1]);
  return words;
}

/** The blocks with their error correction, a word of each block in turn. */
function interleave(words: readonly number[], { check, blocks }: (typeof versions)[number]): number[] {
  let end = 0;
  const data = blocks.map((size) => {
    end += size;
    return words.slice(end - size, end);
  });
  const divisor = checkDivisor(check);
  const checks = data.map((block) => checkWords(block, divisor));
  const longest = Math.max(...blocks);
  const inTurn = (lists: readonly (readonly number[])[], length: number): number[] =>
    Array.from({ length }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat();
  return [...inTurn(data, longest), ...inTurn(checks, check)];
}

/** The product in the field of 256 elements, modulo x^8 + x^4 + x^3 + x^2 + 1. */
function multiply(left: number, right: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    product ^= ((right >>> bit) & 1) * left;
  }
  return product;
}

/** The coefficients of the product of (x - 2^i), without the first, which is 1. */
function checkDivisor(degree: number): readonly number[] {
  const result: number[] = [...Array.from({ length: degree - 1 }, () => 0), 1];
  let root = 1;
  for (let turn = 0; turn < degree; turn += 1) {
    for (let at = 0; at < degree; at += 1) {
      result[at] = multiply(result[at] ?? 0, root) ^ (result[at + 1] ?? 0);
    }
    root = multiply(root, 2);
  }
  return result;
}

function checkWords(block: readonly number[], divisor: readonly number[]): number[] {
  const rest = divisor.map(() => 0);
  for (const word of block) {
    const factor = word ^ (rest.shift() ?? 0);
    rest.push(0);
    divisor.forEach((coefficient, at) => {
      rest[at] = (rest[at] ?? 0) ^ multiply(coefficient, factor);
    });
  }
  return rest;
}

const masks: readonly ((row: number, column: number) => boolean)[] = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];

type Grid = boolean[][];

function drawn(version: number, words: readonly number[], mask: number): Grid {
  const size = version * 4 + 17;
  const grid: Grid = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  const isFixed: Grid = grid.map((row) => [...row]);
  const put = (row: number, column: number, isDark: boolean): void => {
    const line = grid[row];
    const fixedLine = isFixed[row];
    if (line === undefined || fixedLine === undefined || column < 0 || column >= size) return;
    line[column] = isDark;
    fixedLine[column] = true;
  };
  drawFixed(version, size, put);
  drawFormat(size, mask, put);
  const isMasked = masks[mask] ?? (() => false);
  let at = 0;
  // Two columns at a time, from the right, up and down in turn; the column of the timing line is left out.
  for (let right = size - 1; right >= 1; right -= 2) {
    const column = right <= 6 ? right - 1 : right;
    for (let step = 0; step < size; step += 1) {
      const isUpwards = ((column + 1) & 2) === 0;
      const row = isUpwards ? size - 1 - step : step;
      for (const each of [column, column - 1]) {
        const line = grid[row];
        if (line === undefined || isFixed[row]?.[each] === true) continue;
        const bit = ((words[at >>> 3] ?? 0) >>> (7 - (at & 7))) & 1;
        line[each] = (bit === 1) !== isMasked(row, each);
        at += 1;
      }
    }
  }
  return grid;
}

type Put = (row: number, column: number, isDark: boolean) => void;

/** The squares in the corners, the small squares, the timing lines, and the version. */
function drawFixed(version: number, size: number, put: Put): void {
  for (let at = 0; at < size; at += 1) {
    put(6, at, at % 2 === 0);
    put(at, 6, at % 2 === 0);
  }
  for (const [top, left] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const) {
    for (let row = -4; row <= 4; row += 1) {
      for (let column = -4; column <= 4; column += 1) {
        const ring = Math.max(Math.abs(row), Math.abs(column));
        put(top + row, left + column, ring !== 2 && ring !== 4);
      }
    }
  }
  const lines = alignments[version - 1] ?? [];
  const last = lines.at(-1);
  for (const row of lines) {
    for (const column of lines) {
      const isCorner =
        (row === 6 && column === 6) || (row === 6 && column === last) || (row === last && column === 6);
      if (isCorner) continue;
      for (let down = -2; down <= 2; down += 1) {
        for (let right = -2; right <= 2; right += 1) {
          put(row + down, column + right, Math.max(Math.abs(down), Math.abs(right)) !== 1);
        }
      }
    }
  }
  if (version < 7) return;
  const bits = (version << 12) | remainder(version, 12, 0x1f25);
  for (let at = 0; at < 18; at += 1) {
    const isDark = ((bits >>> at) & 1) === 1;
    const far = size - 11 + (at % 3);
    const near = Math.floor(at / 3);
    put(near, far, isDark);
    put(far, near, isDark);
  }
}

/** The level and the mask, twice, with their own error correction. */
function drawFormat(size: number, mask: number, put: Put): void {
  const data = (levelBits << 3) | mask;
  const bits = ((data << 10) | remainder(data, 10, 0x537)) ^ 0x5412;
  const isDark = (at: number): boolean => ((bits >>> at) & 1) === 1;
  for (let at = 0; at <= 5; at += 1) put(at, 8, isDark(at));
  put(7, 8, isDark(6));
  put(8, 8, isDark(7));
  put(8, 7, isDark(8));
  for (let at = 9; at < 15; at += 1) put(8, 14 - at, isDark(at));
  for (let at = 0; at < 8; at += 1) put(8, size - 1 - at, isDark(at));
  for (let at = 8; at < 15; at += 1) put(size - 15 + at, 8, isDark(at));
  put(size - 8, 8, true);
}

/** The rest of the division of `data` with `bits` zeros behind it. */
function remainder(data: number, bits: number, divisor: number): number {
  let rest = data;
  for (let at = 0; at < bits; at += 1) rest = (rest << 1) ^ ((rest >>> (bits - 1)) * divisor);
  return rest;
}

/** How hard the code is to read: runs, blocks, and a share of dark modules far from a half (the standard's rules 1, 2, 4). */
function penalty(grid: Grid): number {
  const size = grid.length;
  const isDark = (row: number, column: number): boolean => grid[row]?.[column] === true;
  let sum = 0;
  let dark = 0;
  for (let line = 0; line < size; line += 1) {
    for (const turned of [false, true]) {
      let run = 0;
      for (let at = 0; at < size; at += 1) {
        const here = turned ? isDark(at, line) : isDark(line, at);
        const before = turned ? isDark(at - 1, line) : isDark(line, at - 1);
        run = at > 0 && here === before ? run + 1 : 1;
        if (run === 5) sum += 3;
        else if (run > 5) sum += 1;
      }
    }
    for (let at = 0; at < size; at += 1) {
      if (isDark(line, at)) dark += 1;
      if (line === 0 || at === 0) continue;
      const here = isDark(line, at);
      const isBlock =
        here === isDark(line - 1, at) && here === isDark(line, at - 1) && here === isDark(line - 1, at - 1);
      if (isBlock) sum += 3;
    }
  }
  return sum + Math.floor(Math.abs((dark * 20) / (size * size) - 10)) * 10;
}
