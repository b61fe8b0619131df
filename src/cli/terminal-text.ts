/**
 * Text that a terminal shows and never obeys. Names, addresses and messages are written by people, and a control character
 * in them could move the cursor, change the title or hide text. Everything that the program prints passes here.
 */

/** Control characters, line separators, and the characters that turn the direction of the text after them. */
const unsafe = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** The sequences for bold and dim, which this program itself writes. */
const style = /(\p{Cc}\[(?:1|22?)m)/u;
const escapeCharacter = '\u001b';

/** One line, with a blank in place of unsafe characters. */
export function oneLine(text: string): string {
  return text.replace(unsafe, ' ');
}

/** Lines of text for people, in which bold and dim stay. */
export function safeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const parts = line.split(style);
      return parts
        .map((part, at) => (at % 2 === 1 && part.startsWith(escapeCharacter) ? part : oneLine(part)))
        .join('');
    })
    .join('\n');
}

/** A text of JSON in which unsafe characters are escaped; it has the same value. JSON has them in its texts alone. */
export function safeJson(json: string): string {
  return json.replace(unsafe, (characters) => Array.from(characters, escaped).join(''));
}

function escaped(character: string): string {
  if (character === '\n') return character;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
