/** Text for people: aligned columns, numbers and times, and colour if the output is a terminal that shows it. */
import { styleText } from 'node:util';
import { toMillisecondText } from '../core/time.ts';
import { oneLine } from './terminal-text.ts';

/** Columns as wide as their widest cell, with two spaces between them; no spaces at the end of a line. */
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

/** A table with a head; without rows, the sentence `otherwise`. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  otherwise: string,
): string {
  if (rows.length === 0) return otherwise;
  const [first = '', ...others] = columns([
    head.map((title) => title.toUpperCase()),
    ...rows.map((row) => row.map(oneLine)),
  ]);
  return [dim(first), ...others].join('\n');
}

/** Names with their values, one per line. */
export function pairs(entries: readonly (readonly [name: string, value: string])[]): string {
  return columns(entries.map(([name, value]) => [name, oneLine(value)])).join('\n');
}

/** A number with its noun: `12,000 users`. */
export function counted(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** The instant in UTC with milliseconds; null for null. */
export function timeOrNull(instant: number | null): string | null {
  return instant === null ? null : toMillisecondText(instant);
}

/** Seconds with two decimals since `startedAt`, a time of `performance.now()`. */
export function secondsSince(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 10) / 100;
}

export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

export function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout });
}
