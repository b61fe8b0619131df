/** The verdicts on mutants, kept in a file of lines, and the score. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { describeMutant, type Mutant } from './mutants-of.ts';

/** `hangs`: a test ran far longer than without the fault, which is noticed too. */
export type Verdict = 'noticed' | 'hangs' | 'missed' | 'does not compile' | 'equal';

export class VerdictBook {
  readonly #file: string;
  readonly #known = new Map<string, Verdict>();

  constructor(file: string) {
    this.#file = file;
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      if (line === '') continue;
      const { key, verdict }: { key: string; verdict: Verdict } = JSON.parse(line);
      this.#known.set(key, verdict);
    }
  }

  find(mutant: Mutant, text: string): Verdict | undefined {
    return this.#known.get(keyOf(mutant, text));
  }

  /** `by` is the test that noticed it. */
  add(mutant: Mutant, text: string, verdict: Verdict, by: string | null): void {
    const key = keyOf(mutant, text);
    this.#known.set(key, verdict);
    const line = { key, verdict, fault: describeMutant(mutant, text), by };
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

function keyOf(mutant: Mutant, text: string): string {
  return createHash('sha256')
    .update(JSON.stringify([mutant.path, text, mutant.start, mutant.end, mutant.replacement]))
    .digest('hex')
    .slice(0, 20);
}

/** The share of the noticed ones, of those that compile and are not equal to the source. */
export function scoreTable(
  rows: readonly { readonly folder: string; readonly verdicts: readonly (Verdict | undefined)[] }[],
): string {
  const lines = rows.map(({ folder, verdicts }) => lineOf(folder, verdicts));
  const all = rows.flatMap(({ verdicts }) => verdicts);
  const head = '| folder | judged | noticed | missed | equal to the source | score |';
  return [head, '| --- | --- | --- | --- | --- | --- |', ...lines, lineOf('all', all)].join('\n');
}

function lineOf(name: string, verdicts: readonly (Verdict | undefined)[]): string {
  const count = (...some: readonly Verdict[]): number =>
    verdicts.filter((verdict) => verdict !== undefined && some.includes(verdict)).length;
  const [noticed, missed] = [count('noticed', 'hangs'), count('missed')];
  const score = noticed + missed === 0 ? '-' : `${((100 * noticed) / (noticed + missed)).toFixed(1)} %`;
  const cells = [noticed + missed, noticed, missed, count('equal'), score];
  return `| ${[name, ...cells].join(' | ')} |`;
}
