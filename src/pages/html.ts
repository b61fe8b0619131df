/** HTML from template literals: every value is escaped, except HTML. Text never becomes markup. */
import { placeholderText } from './fill-text.ts';

/** Text that is HTML already. Only `html` creates it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Piece = string | number | Html | null | readonly Html[];

/**
 * A template tag. Texts and numbers are escaped, `Html` and lists of it are inserted unchanged, null inserts
 * nothing.
 */
export function html(literals: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  const rendered = pieces.map((piece, index) => render(piece) + (literals[index + 1] ?? ''));
  return new Html((literals[0] ?? '') + rendered.join(''));
}

/** A text with values in place of its placeholders. The text is escaped, and so is every value, except HTML. */
export function fillHtml(text: string, values: Readonly<Record<string, Piece>>): Html {
  const parts = text.split(placeholderText);
  return new Html(
    parts.map((part, index) => render(index % 2 === 0 ? part : (values[part] ?? null))).join(''),
  );
}

function render(piece: Piece): string {
  if (piece === null) return '';
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'object') return piece.map(render).join('');
  return String(piece).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
