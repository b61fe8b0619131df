/**
 * Passwords that need few guesses although no list has them: repeats (`abcabcabc`), sequences and walks over a keyboard
 * (`abcd1234`, `qwertyuiop`), and simple changes of a listed word (`P@ssw0rd1!`, `Summer2026!`). A change is simple if it
 * adds little around one word: the costs below say how much. Two different words are no simple change of one word.
 */

/** Whether a list has the word, given in the form of `foldLeet`. */
export type WordList = (folded: string) => boolean;

/** A text of equal parts is as good as one part, one with gaps as good as one without; from this length on that could be a password. */
const wholeMin = 8;
/** At most so many sequences and single characters make a password a pattern; short passwords have fewer. */
const piecesMax = 4;
const piecesOfShortMax = 3;
const shortMax = 9;
const distinctMax = 3;

/** Whether the password is a pattern, or a simple change of a word of the list. */
export function isSimplePassword(password: string, isWord: WordList): boolean {
  const plain = foldLetters(password);
  return isPattern(plain) || isChangedWord(plain, isWord);
}

/** Cyrillic and Greek letters that look like Latin ones. */
const lookalikes = new Map(
  [...'аеосрхуіјѕһԁɡαεοικνυρτχ'].map((letter, at) => [letter, 'aeocpxyijshdgaeoiknuptx'[at] ?? letter]),
);

/** Lower case, without accents, and with Latin letters for those that look like them. */
function foldLetters(text: string): string {
  const plain = text.toLowerCase().normalize('NFD').replaceAll(/\p{M}/gu, '');
  return plain.replaceAll(/\P{ASCII}/gu, (letter) => lookalikes.get(letter) ?? letter);
}

const leet: Readonly<Record<string, string>> = {
  ...{ '0': 'o', '1': 'i', l: 'i', '!': 'i', '|': 'i', '3': 'e', '4': 'a', '@': 'a' },
  ...{ '5': 's', $: 's', '7': 't', '+': 't', '8': 'b', '9': 'g', '(': 'c' },
};

/** The text with a letter for each character that people write in its place; words of a list are compared in this form. */
export function foldLeet(text: string): string {
  let folded = '';
  for (const character of text) folded += leet[character] ?? character;
  return folded;
}

function isPattern(text: string): boolean {
  const characters = [...text];
  if (new Set(characters).size <= distinctMax || isRepeated(characters)) return true;
  if (date.test(text.replaceAll(/[\s./-]/g, ''))) return true;
  if (countPieces(text) <= (characters.length <= shortMax ? piecesOfShortMax : piecesMax)) return true;
  const collapsed = text.replaceAll(/(.)\1+/gsu, '$1');
  if (collapsed.length * 3 <= text.length * 2 && countPieces(collapsed) <= piecesOfShortMax) return true;
  // Two sequences in turn, as in `a1b2c3d4`.
  const [even, odd] = [0, 1].map((rest) => characters.filter((_, at) => at % 2 === rest).join(''));
  return countPieces(even ?? '') + countPieces(odd ?? '') <= 2;
}

/** Whether a part that is too short for a password is repeated, also where the last copy is cut off. */
function isRepeated(characters: readonly string[]): boolean {
  const period = periodOf(characters);
  return period < wholeMin && period <= characters.length / 2;
}

/** The length of the shortest part of which the text consists (the failure function of Knuth, Morris and Pratt). */
function periodOf(characters: readonly string[]): number {
  const borders = [0];
  for (let at = 1; at < characters.length; at += 1) {
    let border = borders[at - 1] ?? 0;
    while (border > 0 && characters[at] !== characters[border]) border = borders[border - 1] ?? 0;
    borders.push(characters[at] === characters[border] ? border + 1 : 0);
  }
  return characters.length - (borders.at(-1) ?? 0);
}

const sequenceMin = 3;
const walkMin = 7;

/** How many sequences and walks, and characters outside them, make up the text; stops counting when they are too many. */
function countPieces(text: string): number {
  let pieces = 0;
  for (let at = 0; at < text.length && pieces <= piecesMax; pieces += 1) {
    at += Math.max(1, sequenceLength(text, at), walkLength(text, at));
  }
  return pieces;
}

/** Each pair of them is the same step each time: through the alphabet, the digits or a row of keys (`abc`, `321`, `qwe`, `aaa`). */
function sequenceLength(text: string, start: number): number {
  let longest = 0;
  for (const step of stepsOf(text, start)) {
    let end = start + 1;
    while (end < text.length && stepsOf(text, end - 1).includes(step)) end += 1;
    longest = Math.max(longest, end - start);
  }
  return longest < sequenceMin ? 0 : longest;
}

const rows = ['abcdefghijklmnopqrstuvwxyz', '1234567890', '13579', '24680', '!@#$%^&*()'];
const keyboards = [
  ['`1234567890-=', ' qwertyuiop[]', " asdfghjkl;'", ' zxcvbnm,./'],
  ['^1234567890', ' qwertzuiop+', ' asdfghjkl#', ' yxcvbnm,.-'],
  ['²1234567890', ' azertyuiop^', ' qsdfghjklm*', ' wxcvbn,;:!'],
];

const columns = ['1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm', '8ik,', '9ol.'];

/** By pair of characters, the sequences with that pair, as the number of a row; negative for the other direction. */
const steps = new Map<string, number[]>();
const keyRows = keyboards.flat().map((keys) => keys.trim());
for (const [at, row] of [...rows, ...columns, ...keyRows].entries()) {
  for (let column = 1; column < row.length; column += 1) {
    const [left = '', right = ''] = [row[column - 1], row[column]];
    addTo(steps, left + right, at + 1);
    addTo(steps, right + left, -at - 1);
  }
}
const sameAgain = [0];

function stepsOf(text: string, at: number): readonly number[] {
  const [left, right] = [text[at], text[at + 1]];
  if (left === undefined || right === undefined) return [];
  return left === right ? sameAgain : (steps.get(left + right) ?? []);
}

/** The length of the longest walk over neighbouring keys of one keyboard that begins there. */
function walkLength(text: string, start: number): number {
  let longest = 0;
  for (const pairs of neighbours) {
    let end = start + 1;
    while (end < text.length && pairs.has(keyOf(text[end - 1]) + keyOf(text[end]))) end += 1;
    longest = Math.max(longest, end - start);
  }
  return longest < walkMin ? 0 : longest;
}

const shifted = new Map(
  [...'~!@#$%^&*()_+{}:"<>?|'].map((key, at) => [key, "`1234567890-=[];',./\\"[at] ?? key]),
);

function keyOf(character = ''): string {
  return shifted.get(character) ?? character;
}

/** Of each keyboard the pairs of keys that touch: the next in the row, and two in the row below. */
const neighbours = keyboards.map((keyboard) => {
  const pairs = new Set<string>();
  for (const [at, row] of keyboard.entries()) {
    const below = keyboard[at + 1] ?? '';
    for (let column = 0; column < row.length; column += 1) {
      for (const other of [row[column + 1], below[column], below[column + 1]]) {
        if (other === undefined || other === ' ' || row[column] === ' ') continue;
        pairs.add(`${row[column]}${other}`).add(`${other}${row[column]}`);
      }
    }
  }
  return pairs;
});

function addTo<K>(map: Map<K, number[]>, key: K, value: number): void {
  const values = map.get(key) ?? [];
  map.set(key, values);
  values.push(value);
}

const wordMin = 3;
/** A text without its repeated letters is shorter than a password, and counts from this length on. */
const withoutRunsMin = 7;
const wordMax = 20;
/** What may stand around a word of that length (index), and of all longer ones. */
const costsMax = [0, 0, 0, 3, 3, 5, 6];
const aroundMax = 12;

/**
 * Whether the text is one word of the list with little around it, also backwards, with gaps between its letters, or with
 * letters written several times (`passssword`).
 */
function isChangedWord(text: string, isWord: WordList): boolean {
  if (hasWord(text, isWord)) return true;
  const closed = withoutGaps(text);
  if (closed !== text && closed.length >= wholeMin && hasWord(closed, isWord)) return true;
  return ['$1$1', '$1']
    .map((pattern) => text.replaceAll(/(\p{L})\1+/gu, pattern))
    .some((form) => form !== text && form.length >= withoutRunsMin && hasWord(form, isWord));
}

/** The text without the sign that stands between its letters: `p.a.s.s`, `pass@word`. */
function withoutGaps(text: string): string {
  const gap = /[\p{L}\d]([^\p{L}\d])[\p{L}\d]/u.exec(text)?.[1];
  return gap === undefined ? text : text.replaceAll(gap, '');
}

function hasWord(text: string, isWord: WordList): boolean {
  if (text.length > 2 * wordMax + 2 * aroundMax) return false;
  const folded = foldLeet(text);
  if (isWord(folded)) return true;
  const leads = costsOf(text.slice(0, aroundMax));
  const trails = costsOf(reverse(text.slice(-aroundMax)));
  for (const [lead, leadCost] of leads.entries()) {
    for (const [trail, trailCost] of trails.entries()) {
      const length = text.length - lead - trail;
      const costMax = costsMax[Math.min(length, costsMax.length - 1)] ?? 0;
      if (length < wordMin || leadCost + trailCost > costMax) continue;
      const end = text.length - trail;
      if (isSpelled(text.slice(lead, end)) && isWordOrDouble(folded.slice(lead, end), isWord)) return true;
    }
  }
  return false;
}

/** Whether at least every second character is a letter: in a number every text of digits would be a word. */
function isSpelled(part: string): boolean {
  return (part.match(/\p{L}/gu)?.length ?? 0) * 2 >= part.length;
}

const reversedMin = 5;

function isWordOrDouble(word: string, isWord: WordList): boolean {
  if (word.length <= wordMax && isWord(word)) return true;
  if (word.length >= reversedMin && word.length <= wordMax && isWord(reverse(word))) return true;
  const half = word.length / 2;
  const once = word.slice(0, half);
  return Number.isInteger(half) && half >= wordMin && once === word.slice(half) && isWord(once);
}

const additionCost = 1;
const signCost = 2;
const letterCost = 4;
const shortDateCost = 3;

/**
 * What each beginning of the text costs as an addition to a word (index: its length): a digit 1; a year, a date, a repeat or
 * a sequence 1 as a whole; a sign 2, and nothing when repeated; one letter 4, and a second one too much.
 */
function costsOf(text: string): number[] {
  const costs = [0];
  let letters = 0;
  for (let end = 1; end <= text.length; end += 1) {
    const character = text[end - 1] ?? '';
    if (/\p{L}/u.test(character)) letters += 1;
    let best = (costs[end - 1] ?? 0) + costOf(character, text[end - 2], letters);
    for (let start = 0; start <= end - sequenceMin; start += 1) {
      best = Math.min(best, (costs[start] ?? 0) + costOfPart(text.slice(start, end)));
    }
    costs.push(best);
  }
  return costs;
}

function costOf(character: string, previous: string | undefined, letters: number): number {
  if (/\d/.test(character)) return 1;
  if (/\p{L}/u.test(character)) return letters === 1 ? letterCost : Number.POSITIVE_INFINITY;
  return character === previous ? 0 : signCost;
}

const year = /^(?:19|20)\d\d$/;
/** Day, month and year in any order. */
const date =
  /^(?:(?:[0-2]\d|3[01])(?:0\d|1[0-2])|(?:0\d|1[0-2])(?:[0-2]\d|3[01]))(?:19|20)\d\d$|^(?:19|20)\d\d(?:0\d|1[0-2])(?:[0-2]\d|3[01])$/;
const shortDate = /^(?:(?:[0-2]\d|3[01])(?:0\d|1[0-2])|(?:0\d|1[0-2])(?:[0-2]\d|3[01]))\d\d$/;

/** What a part costs as a whole; the text may be backwards. */
function costOfPart(part: string): number {
  if (sequenceLength(part, 0) === part.length) return additionCost;
  if (!/^(?:\d{4}|\d{6}|\d{8})$/.test(part)) return Number.POSITIVE_INFINITY;
  const ways = [part, reverse(part)];
  if (ways.some((way) => year.test(way) || date.test(way))) return additionCost;
  return ways.some((way) => shortDate.test(way)) ? shortDateCost : Number.POSITIVE_INFINITY;
}

function reverse(text: string): string {
  return [...text].reverse().join('');
}
