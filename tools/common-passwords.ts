/**
 * Writes `src/gateways/passwords/common-passwords.txt`: the whole list of common passwords of @zxcvbn-ts/language-common,
 * also those that are too short for Roster, because simple changes of them are refused too. Run it after an update of that
 * package: `node tools/common-passwords.ts`.
 */
import { writeFileSync } from 'node:fs';
import { dictionary } from '@zxcvbn-ts/language-common';

/** The file's content: lower case, one password a line, sorted, so that an update is a small difference. */
export function renderCommonPasswords(): string {
  const passwords = dictionary['passwords-common'].map((password) => String(password).toLowerCase());
  return `${[...new Set(passwords)].sort().join('\n')}\n`;
}

if (import.meta.main) {
  const file = new URL('../src/gateways/passwords/common-passwords.txt', import.meta.url);
  writeFileSync(file, renderCommonPasswords());
}
