/**
 * Which parts of the source each test file executes. A test that does not execute the place of a mutant cannot notice it, so
 * it need not run. V8 counts; Node strips types without moving a character, so that V8's positions are those of the source.
 * What was counted is kept until the test or a subject changes.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTestFile } from './test-run.ts';

export interface ExecutedBy {
  readonly test: string;
  /** Alone, without a mutant. */
  readonly seconds: number;
  /** False where the test fails without a mutant: it can judge none. */
  readonly isGreen: boolean;
  /** For each source file the ranges that the test executes: start, end, start, end. */
  readonly ranges: Readonly<Record<string, readonly number[]>>;
  /** The texts that the ranges belong to. */
  readonly digests: Readonly<Record<string, string>>;
}

interface Counted {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number;
      readonly endOffset: number;
      readonly count: number;
    }[];
  }[];
}

export class ExecutedParts {
  readonly #folder: string;
  readonly #cache: string;
  /** The text of each subject, by its path. */
  readonly #subjects: ReadonlyMap<string, string>;

  constructor(options: {
    readonly folder: string;
    readonly cache: string;
    readonly subjects: ReadonlyMap<string, string>;
  }) {
    this.#folder = options.folder;
    this.#cache = join(options.cache, 'executed');
    this.#subjects = options.subjects;
    mkdirSync(this.#cache, { recursive: true });
  }

  /** Runs the test file once, or returns what an earlier run has found. */
  async of(test: string): Promise<ExecutedBy> {
    const text = readFileSync(join(this.#folder, test), 'utf8');
    const kept = join(this.#cache, `${digestOf(`${test} ${text}`)}.json`);
    if (existsSync(kept)) return this.#renewed(JSON.parse(readFileSync(kept, 'utf8')));
    const output = `${kept}.v8`;
    const run = await runTestFile(test, {
      folder: this.#folder,
      secondsMax: 300,
      env: { NODE_V8_COVERAGE: output },
    });
    const ranges = existsSync(output) ? this.#rangesIn(output) : {};
    const digests = Object.fromEntries(
      Object.keys(ranges).map((path) => [path, digestOf(this.#subjects.get(path) ?? '')]),
    );
    const { seconds, outcome } = run;
    const found: ExecutedBy = { test, seconds, isGreen: outcome === 'passed', ranges, digests };
    rmSync(output, { recursive: true, force: true });
    if (found.isGreen) writeFileSync(kept, JSON.stringify(found));
    return found;
  }

  #renewed(found: ExecutedBy): ExecutedBy {
    const ranges = Object.entries(found.ranges).map(([path, own]) => {
      const text = this.#subjects.get(path) ?? '';
      return [path, found.digests[path] === digestOf(text) ? own : [0, text.length]];
    });
    return { ...found, ranges: Object.fromEntries(ranges) };
  }

  #rangesIn(output: string): Record<string, number[]> {
    const painted = new Map<string, Uint8Array>();
    for (const name of readdirSync(output)) {
      const { result }: { result: readonly Counted[] } = JSON.parse(readFileSync(join(output, name), 'utf8'));
      for (const script of result) {
        if (!script.url.startsWith('file:')) continue;
        const path = fileURLToPath(script.url).slice(this.#folder.length + 1);
        const text = this.#subjects.get(path);
        if (text === undefined) continue;
        const all = painted.get(path) ?? new Uint8Array(text.length);
        painted.set(path, all);
        const own = new Uint8Array(text.length);
        const ranges = script.functions.flatMap((one) => one.ranges);
        // An inner range comes after the outer one, and decides.
        ranges.sort(
          (left, right) => left.startOffset - right.startOffset || right.endOffset - left.endOffset,
        );
        for (const { startOffset, endOffset, count } of ranges)
          own.fill(count > 0 ? 1 : 0, startOffset, endOffset);
        for (const [at, isExecuted] of own.entries()) if (isExecuted === 1) all[at] = 1;
      }
    }
    return Object.fromEntries([...painted].map(([path, marks]) => [path, rangesOf(marks)]));
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

function rangesOf(marks: Uint8Array): number[] {
  const ranges: number[] = [];
  let before = 0;
  for (const [at, mark] of marks.entries()) {
    if (mark !== before) ranges.push(at);
    before = mark;
  }
  if (before === 1) ranges.push(marks.length);
  return ranges;
}

/** Whether the test executes the character at `place`. */
export function executes(by: ExecutedBy, path: string, place: number): boolean {
  const ranges = by.ranges[path] ?? [];
  for (let at = 0; at < ranges.length; at += 2) {
    if ((ranges[at] ?? 0) <= place && place < (ranges[at + 1] ?? 0)) return true;
  }
  return false;
}
