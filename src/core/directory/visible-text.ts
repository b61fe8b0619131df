/**
 * What counts as the text of a person. Characters that show nothing (default-ignorable and bidi characters, and blanks)
 * are removed at both ends; a text with control characters, or without a visible character, is none. Inside a text
 * everything else stays, because joiners and variation selectors are part of words and of emoji.
 */

/** Printable ASCII without blanks at the ends, as nearly every text is. The rules below change nothing about it. */
const plainText = /^[!-~](?:[ -~]*[!-~])?$/;

/** `\p{DI}` also has every bidi character (`\p{Bidi_Control}`). */
const invisibleStart = /^[\s\p{DI}]+/u;
const invisibleCharacter = /^[\s\p{DI}]$/u;

/**
 * What stays of invisible characters at an end. A variation selector chooses the form of an emoji or of a character of
 * some scripts before it; after others it changes nothing, and would make two texts that look the same. Tags with their
 * end make a flag of the black flag. After a virama a joiner chooses the form of the letter (RFC 5892, appendix A), also at
 * the end of a word.
 */
const emojiSelector = /^[\ufe0e\ufe0f]/u;
const emoji = /^[\p{ExtPict}\p{EMod}\p{RI}]$/u;
const letterSelector = /^(?![\ufe0e\ufe0f])\p{VS}/u;
const selectedLetter = /^[\p{Ideographic}\p{sc=Mong}\p{sc=Mymr}\p{sc=Phag}\p{Sm}]$/u;
const flagTags = /^[\u{e0020}-\u{e007e}]+\u{e007f}/u;
const blackFlag = '\u{1f3f4}';
const joinerAfterVirama = /^[\u200c\u200d]/u;
const virama =
  /[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d3b\u0d3c\u0d4d\u0dca\u0e3a\u0eba\u0f84\u1039\u103a\u17d2\u1b44]$/u;

const control = /\p{Cc}/u;

/**
 * A character that shows something by itself. The blank of Braille, the null notehead and the blanks of hieroglyphs are
 * characters without ink; marks need a character before them.
 */
const visible = /[^\s\p{DI}\p{M}\p{Cf}\p{Cc}\p{Noncharacter_Code_Point}\u2800\u{1d159}\u{13441}\u{13442}]/u;

/** True for a text that `stripInvisible` returns as it is, and that `isVisible` and `hasControls` need not look at. */
export function isPlainText(text: string): boolean {
  return plainText.test(text);
}

/** The text without blanks and invisible characters at its ends. */
export function stripInvisible(text: string): string {
  const begun = text.replace(invisibleStart, '');
  const end = visibleEnd(begun);
  if (end === begun.length) return begun;
  const kept = begun.slice(0, end);
  return kept + meaningfulStart(kept, begun.slice(end));
}

/** Where the invisible end begins. A pattern that ends in `$` would take quadratic time over a hostile text. */
function visibleEnd(text: string): number {
  let end = text.length;
  while (end > 0) {
    const isPair = /[\udc00-\udfff]/.test(text.charAt(end - 1));
    const start = end - (isPair ? 2 : 1);
    if (!invisibleCharacter.test(text.slice(Math.max(start, 0), end))) break;
    end = start;
  }
  return end;
}

/** The first invisible characters after `text` that belong to its last character. */
function meaningfulStart(text: string, rest: string): string {
  const last = Array.from(text.slice(-2)).at(-1) ?? '';
  const flag = text.endsWith(blackFlag) ? flagTags.exec(rest) : null;
  if (flag !== null) return flag[0];
  if (virama.test(last)) return joinerAfterVirama.exec(rest)?.[0] ?? '';
  if (emoji.test(last)) return emojiSelector.exec(rest)?.[0] ?? '';
  return selectedLetter.test(last) ? (letterSelector.exec(rest)?.[0] ?? '') : '';
}

export function hasControls(text: string): boolean {
  return control.test(text);
}

export function isVisible(text: string): boolean {
  return visible.test(text);
}
