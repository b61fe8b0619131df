/**
 * The 10,000 most common passwords of at least the minimum length, compared without case. The list is read at the
 * first call, not at the start. It comes from @zxcvbn-ts/language-common (MIT licence, in
 * `common-passwords.license.txt`) and is written by `tools/common-passwords.ts`.
 */
import { readFileSync } from 'node:fs';

let passwords: ReadonlySet<string> | null = null;

/** Whether the password is on the list. The first call reads 90 KB from disk; later calls use memory. */
export function isCommonPassword(password: string): boolean {
  passwords ??= readList();
  return passwords.has(password.toLowerCase());
}

function readList(): ReadonlySet<string> {
  const text = readFileSync(new URL('./common-passwords.txt', import.meta.url), 'latin1');
  return new Set(text.trimEnd().split('\n'));
}
