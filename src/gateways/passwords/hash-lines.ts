/**
 * Reads the lines of a list of SHA-1 hashes, as Have I Been Pwned publishes it: `HASH:COUNT` with 40 hex digits, or in the
 * files of its ranges `REST:COUNT` with 35, whose first five digits are the name of the file. The count may be absent.
 */

/** A line that is no hash; the number counts from 1. */
export class HashLineError extends Error {
  override readonly name = 'HashLineError';
  readonly line: number;

  constructor(line: number) {
    super(`line ${line} is no SHA-1 hash in hex digits`);
    this.line = line;
  }
}

const hashDigits = 40;
const keyDigits = 16;
/** Longer lines have no hash and a count alone. */
const lineMax = 128;

const [lineFeed, carriageReturn, colon, blank, tab] = [0x0a, 0x0d, 0x3a, 0x20, 0x09];

/** The value of each byte as a hex digit; 255 for another byte. */
const digitValues = new Uint8Array(256).fill(255);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  digitValues[digit.charCodeAt(0)] = value;
  digitValues[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Takes the upper and the lower half of the first eight bytes of a hash. */
export type KeyTaker = (high: number, low: number) => void;

/** Cuts bytes that arrive in pieces into lines, and gives the key of each line to `take`. Throws a `HashLineError`. */
export class HashLines {
  readonly #prefix: Uint8Array;
  readonly #take: KeyTaker;
  readonly #line = new Uint8Array(lineMax);
  #length = 0;
  #number = 1;

  /** `prefix`: the hex digits that are left out in every line. */
  constructor(prefix: string, take: KeyTaker) {
    this.#prefix = Buffer.from(prefix, 'latin1');
    this.#take = take;
    this.#begin();
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === lineFeed) {
        this.end();
        this.#number += 1;
      } else if (this.#length < lineMax) {
        this.#line[this.#length] = byte;
        this.#length += 1;
      } else {
        throw new HashLineError(this.#number);
      }
    }
  }

  /** Ends the last line, also without a line break. A line without a text says nothing. */
  end(): void {
    const line = this.#line;
    let length = this.#length;
    while (length > 0 && isBlank(line[length - 1])) length -= 1;
    if (length > this.#prefix.length) this.#read(length);
    this.#begin();
  }

  #read(length: number): void {
    const line = this.#line;
    let [high, low] = [0, 0];
    for (let at = 0; at < hashDigits; at += 1) {
      const value = at < length ? (digitValues[line[at] ?? 0] ?? 255) : 255;
      if (value === 255) throw new HashLineError(this.#number);
      if (at < keyDigits / 2) high = (high << 4) | value;
      else if (at < keyDigits) low = (low << 4) | value;
    }
    if (length > hashDigits && !isCount(line, length)) throw new HashLineError(this.#number);
    this.#take(high >>> 0, low >>> 0);
  }

  #begin(): void {
    this.#line.set(this.#prefix);
    this.#length = this.#prefix.length;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === carriageReturn || byte === blank || byte === tab;
}

/** Whether the rest of a line is a colon and digits, perhaps with blanks between them. */
function isCount(line: Uint8Array, length: number): boolean {
  if (line[hashDigits] !== colon) return false;
  for (let at = hashDigits + 1; at < length; at += 1) {
    const byte = line[at] ?? 0;
    if (byte !== blank && byte !== tab && (byte < 0x30 || byte > 0x39)) return false;
  }
  return true;
}
