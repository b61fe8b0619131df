/**
 * The 49,000 most common passwords, also the short ones, because simple changes of them are as easy to guess. The list
 * comes from @zxcvbn-ts/language-common (MIT licence, in `common-passwords.license.txt`) and is written by
 * `tools/common-passwords.ts`.
 */
import { readFileSync } from 'node:fs';
import { foldLeet, isSimplePassword } from './password-patterns.ts';

/** Words that people put a year behind, in the other language of our own texts; the list is mostly English. */
const spanishWords = [
  ...[
    'verano',
    'otono',
    'invierno',
    'bienvenido',
    'lunes',
    'martes',
    'miercoles',
    'jueves',
    'viernes',
    'sabado',
  ],
  ...['enero', 'febrero', 'marzo', 'abril', 'septiembre', 'octubre', 'noviembre', 'diciembre'],
];

let words: ReadonlySet<string> | null = null;

/**
 * Whether the password is on the list, a simple change of a word on it, or a simple pattern. Takes less than 0.2 ms. The
 * first call reads 390 KB from disk and holds 2 MB of memory from then on.
 */
export function isCommonPassword(password: string): boolean {
  words ??= readList();
  const list = words;
  return isSimplePassword(password, (folded) => list.has(folded));
}

function readList(): ReadonlySet<string> {
  const text = readFileSync(new URL('./common-passwords.txt', import.meta.url), 'latin1');
  return new Set([...text.trimEnd().split('\n'), ...spanishWords].map(foldLeet));
}
