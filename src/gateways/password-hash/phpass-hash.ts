/**
 * The portable hashes of phpass (openwall.com/phpass): `$P$` or, of phpBB, `$H$`, then a character for the logarithm of the
 * rounds, 8 characters of salt, and MD5 over and over. WordPress before 6.8 takes the spaces around a password off, others
 * do not, and the text does not tell them apart: so where a password has such spaces, both are tried.
 */
import { hash } from 'node:crypto';
import { cryptDigit, cryptText, type HashReader, isSame } from './stored-hash.ts';

const roundsLog2Min = 7;
const roundsLog2Max = 16;
/** Phpass refuses longer passwords. */
const passwordBytesMax = 4_096;
/** The rounds with a short password that take as long as one hash of ours. */
const roundsInUnit = 2 ** 14;
/** A password of so many bytes more adds the work of a short one. */
const bytesOfShortPassword = 512;

const format = /^\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{22})$/;

export const readPhpass: HashReader = (text) => {
  const [, roundsText = '', salt, tail] = format.exec(text) ?? [];
  if (salt === undefined || tail === undefined) return null;
  const roundsLog2 = cryptDigit(roundsText);
  if (roundsLog2 < roundsLog2Min || roundsLog2 > roundsLog2Max) return null;
  const rounds = 2 ** roundsLog2;
  const stored = Buffer.from(tail, 'latin1');
  return {
    units: (password) => {
      const length = 1 + Buffer.byteLength(password) / bytesOfShortPassword;
      return (spellingsOf(password).length * rounds * length) / roundsInUnit;
    },
    check: (password) =>
      spellingsOf(password).some((spelling) => isSame(tailOf(spelling, salt, rounds), stored)),
  };
};

const phpBlanks = ' \t\n\r\0\x0B';

/** The password without the characters that PHP's `trim` takes off. */
export function trimLikePhp(password: string): string {
  let from = 0;
  let to = password.length;
  while (from < to && phpBlanks.includes(password.charAt(from))) from += 1;
  while (to > from && phpBlanks.includes(password.charAt(to - 1))) to -= 1;
  return password.slice(from, to);
}

/** The texts to try: none for a password that is too long. */
function spellingsOf(password: string): readonly string[] {
  if (Buffer.byteLength(password) > passwordBytesMax) return [];
  const trimmed = trimLikePhp(password);
  return trimmed === password ? [password] : [password, trimmed];
}

function tailOf(password: string, salt: string, rounds: number): Buffer {
  const secret = Buffer.from(password, 'utf8');
  let digest = hash('md5', Buffer.concat([Buffer.from(salt, 'latin1'), secret]), 'buffer');
  const message = Buffer.concat([digest, secret]);
  for (let round = 0; round < rounds; round += 1) {
    digest.copy(message);
    digest = hash('md5', message, 'buffer');
  }
  let text = '';
  for (let at = 0; at < digest.length; at += 3) {
    const [low = 0, middle = 0, high = 0] = digest.subarray(at, at + 3);
    text += cryptText(low | (middle << 8) | (high << 16), at === 15 ? 2 : 4);
  }
  return Buffer.from(text, 'latin1');
}
