/** HTML from template literals: every value is escaped, except HTML. Text never becomes markup. */

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

function render(piece: Piece): string {
  if (piece === null) return '';
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'object') return piece.map(render).join('');
  return String(piece).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
