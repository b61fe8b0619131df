/**
 * SHA-crypt, the hashes of Linux (akkadia.org/drepper/SHA-crypt.txt): `$6$salt$hash` with SHA-512 and `$5$salt$hash` with
 * SHA-256; before the salt there may be `rounds=N$`. The work grows with the rounds and with the length of the password.
 */
import { hash } from 'node:crypto';
import { cryptText, type HashReader, isSame } from './stored-hash.ts';

const roundsMin = 1_000;
const roundsMax = 700_000;
const roundsDefault = 5_000;
/** The function crypt of Linux refuses longer passwords. The work grows with the square of the length. */
const passwordBytesMax = 512;
/** The rounds with a short password that take as long as one hash of ours. */
const roundsInUnit = 16_000;
/** A password of so many bytes more adds the work of a short one. */
const bytesOfShortPassword = 512;

interface Variant {
  readonly digest: 'sha256' | 'sha512';
  /** The characters of the hash. */
  readonly characters: number;
  /** The bytes of the digest in the order of the text, three for four characters; the rest makes the last ones. */
  readonly triples: readonly Triple[];
}

const variants: Readonly<Record<string, Variant>> = {
  5: {
    digest: 'sha256',
    characters: 43,
    triples: triplesFrom([0, 10, 20], 10, ([a, b, c]) => [c + 1, a + 1, b + 1]),
  },
  6: {
    digest: 'sha512',
    characters: 86,
    triples: triplesFrom([0, 21, 42], 21, ([a, b, c]) => [b + 1, c + 1, a + 1]),
  },
};

const format = /^\$([56])\$(?:rounds=([1-9]\d{3,8})\$)?([^$:\s]{0,16})\$([./0-9A-Za-z]{43,86})$/;

export const readShaCrypt: HashReader = (text) => {
  const [, name = '', roundsText, salt, tail] = format.exec(text) ?? [];
  const variant = variants[name];
  if (variant === undefined || salt === undefined || tail?.length !== variant.characters) return null;
  const rounds = roundsText === undefined ? roundsDefault : Number(roundsText);
  if (rounds < roundsMin || rounds > roundsMax) return null;
  const stored = Buffer.from(tail, 'latin1');
  return {
    units: (password) => {
      const bytes = Buffer.byteLength(password);
      return bytes > passwordBytesMax ? 0 : (rounds / roundsInUnit) * (1 + bytes / bytesOfShortPassword);
    },
    check: (password) =>
      Buffer.byteLength(password) <= passwordBytesMax &&
      isSame(tailOf(variant, password, salt, rounds), stored),
  };
};

const none = Buffer.alloc(0);

type Triple = readonly [high: number, middle: number, low: number];

function triplesFrom(first: Triple, count: number, next: (triple: Triple) => Triple): readonly Triple[] {
  const triples: Triple[] = [];
  for (let triple = first; triples.length < count; triple = next(triple)) triples.push(triple);
  return triples;
}

/** The names `a`, `b`, `p` and `s` are those of the specification. */
function tailOf(
  { digest, triples }: Variant,
  passwordText: string,
  saltText: string,
  rounds: number,
): Buffer {
  const digestOf = (...parts: readonly Buffer[]): Buffer => hash(digest, Buffer.concat(parts), 'buffer');
  const password = Buffer.from(passwordText, 'utf8');
  const salt = Buffer.from(saltText, 'utf8');
  const b = digestOf(password, salt, password);
  const bits: Buffer[] = [];
  for (let left = password.length; left > 0; left >>= 1) bits.push((left & 1) === 1 ? b : password);
  const a = digestOf(password, salt, repeated(b, password.length), ...bits);
  const p = repeated(digestOf(...Array.from(password, () => password)), password.length);
  const s = repeated(digestOf(...Array.from({ length: 16 + (a[0] ?? 0) }, () => salt)), salt.length);
  // The message of a round depends on its number modulo 42 and, at one place, on the last digest.
  const messages = Array.from({ length: 42 }, (_, round) => {
    const isOdd = round % 2 === 1;
    const middle = [round % 3 === 0 ? none : s, round % 7 === 0 ? none : p];
    const message = Buffer.concat(isOdd ? [p, ...middle, a] : [a, ...middle, p]);
    return { message, at: isOdd ? message.length - a.length : 0 };
  });
  let last = a;
  for (let round = 0; round < rounds; round += 1) {
    const next = messages[round % messages.length];
    if (next === undefined) break;
    last.copy(next.message, next.at);
    last = hash(digest, next.message, 'buffer');
  }
  const byte = (at: number): number => last[at] ?? 0;
  let text = '';
  for (const [high, middle, low] of triples) {
    text += cryptText((byte(high) << 16) | (byte(middle) << 8) | byte(low), 4);
  }
  text += digest === 'sha512' ? cryptText(byte(63), 2) : cryptText((byte(31) << 8) | byte(30), 3);
  return Buffer.from(text, 'latin1');
}

/** The bytes over and over, up to that length. */
function repeated(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}
