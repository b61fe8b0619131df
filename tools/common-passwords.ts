/**
 * Writes `src/gateways/common-passwords.txt`: the 10,000 most common passwords that have at least the length that Roster
 * requires (Roster refuses shorter ones for their length). They come from the list of @zxcvbn-ts/language-common, which
 * is ordered by frequency. Run it after an update of that package: `node tools/common-passwords.ts`.
 */
import { writeFileSync } from 'node:fs';
import { dictionary } from '@zxcvbn-ts/language-common';
import { passwordCharactersMin } from '../src/core/access/password.ts';

const count = 10_000;

/** The file's content: lower case, one password a line, sorted, so that an update is a small difference. */
export function renderCommonPasswords(): string {
  const byFrequency = dictionary['passwords-common']
    .map((password) => String(password).toLowerCase())
    .filter((password) => [...password].length >= passwordCharactersMin);
  const commonest = [...new Set(byFrequency)].slice(0, count).sort();
  if (commonest.length < count) throw new Error('The package lists too few passwords.');
  return `${commonest.join('\n')}\n`;
}

if (import.meta.main) {
  writeFileSync(new URL('../src/gateways/common-passwords.txt', import.meta.url), renderCommonPasswords());
}
