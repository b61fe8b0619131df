/**
 * Writes `src/gateways/common-passwords.txt`: the 10,000 commonest passwords of at least the length that Roster
 * asks for (shorter ones are refused for their length), from the list of @zxcvbn-ts/language-common, which is
 * ordered by how often each was seen. Run it after an update of that package: `node tools/common-passwords.ts`.
 */
import { writeFileSync } from 'node:fs';
import { dictionary } from '@zxcvbn-ts/language-common';
import { passwordCharactersMin } from '../src/core/access/password.ts';

const count = 10_000;

/** The file's content: lower case, one a line, sorted, so that an update shows as a small difference. */
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
