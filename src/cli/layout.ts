/** Text for people: aligned columns, and colour where the output is a terminal that shows it. */
import { styleText } from 'node:util';

/** Columns as wide as their widest cell, two blanks between them; no blanks at the end of a line. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A table with a head, or the sentence `otherwise` where it would have no rows. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  otherwise: string,
): string {
  if (rows.length === 0) return otherwise;
  const [first = '', ...rest] = columns([head.map((title) => title.toUpperCase()), ...rows.map(clean)]);
  return [dim(first), ...rest].join('\n');
}

/** Names with their values, one a line. */
export function pairs(entries: readonly (readonly [name: string, value: string])[]): string {
  return columns(entries.map(([name, value]) => [name, ...clean([value])])).join('\n');
}

export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

export function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout });
}

/** Control characters in what users wrote would move the cursor of whoever reads it. */
function clean(cells: readonly string[]): string[] {
  return cells.map((cell) => cell.replace(/\p{Cc}+/gu, ' '));
}
