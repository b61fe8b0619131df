/** The figures that a benchmark finds, each with its aim. */

export interface Figure {
  /** The kind of work, such as `read by id`. */
  readonly work: string;
  /** The measured quantity, such as `requests/s`. */
  readonly what: string;
  /** The median of the rounds. */
  readonly value: number;
  readonly unit: string;
  readonly rounds: readonly number[];
  readonly aim: Aim | null;
}

export type Aim = { readonly atLeast: number } | { readonly below: number };

export function figureOf(
  work: string,
  what: string,
  { unit = '', rounds, aim = null }: { unit?: string; rounds: readonly number[]; aim?: Aim | null },
): Figure {
  return { work, what, value: median(rounds), unit, rounds, aim };
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A Markdown table. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ work, what, value, unit, aim }) => [
    work,
    what,
    `${written(value)} ${unit}`.trim(),
    aim === null ? '' : 'atLeast' in aim ? `≥ ${written(aim.atLeast)}` : `< ${written(aim.below)}`,
    aim === null ? '' : isMet(value, aim) ? 'met' : 'missed',
  ]);
  const lines = [['work', 'figure', 'measured', 'aim', ''], ...rows];
  const widths = [0, 1, 2, 3, 4].map((at) => Math.max(3, ...lines.map((line) => line[at]?.length ?? 0)));
  const [head = '', ...rest] = lines.map(
    (line) => `| ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`,
  );
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest, ''].join('\n');
}

function isMet(value: number, aim: Aim): boolean {
  return 'atLeast' in aim ? value >= aim.atLeast : value < aim.below;
}

/** The number with its significant digits only. */
function written(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
