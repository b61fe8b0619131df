/**
 * Plants small faults in the source, one at a time in a copy of the checkout, and reports those that no near test notices.
 * It stops by itself, and a later run goes on where it stopped: a verdict is kept until the source file changes.
 *
 *   npm run mutants -- [FOLDER or FILE …] [--count N] [--minutes N] [--seed N] [--jobs N] [--nice N] [--again]
 *
 * A FOLDER is one of `near-tests.ts`, by default all; `--count` is the number of mutants in each. `--again` judges anew those
 * that no test noticed, after a test was added. What it finds stands in node_modules/.cache/mutants/verdicts.jsonl.
 */
import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serverForRun } from '../../test/support/postgres/postgres.ts';
import { prepareForRun } from '../../test/support/server/prepared.ts';
import { compiling } from './compiling.ts';
import { type ExecutedBy, ExecutedParts, executes } from './executed.ts';
import { isKnownEqual } from './known-equal.ts';
import { describeMutant, type Mutant, mutantsOf, plant } from './mutants-of.ts';
import { nearTests } from './near-tests.ts';
import { endTestRuns, runTestFile } from './test-run.ts';
import { TreeCopy } from './tree-copy.ts';
import { scoreTable, type Verdict, VerdictBook } from './verdicts.ts';

const root = join(import.meta.dirname, '..', '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '30' },
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
    nice: { type: 'string', default: '10' },
    again: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The folders to plant in, each with its files. */
function chosenFolders(): Map<string, string[]> {
  const chosen = new Map<string, string[]>();
  for (const word of positionals.length === 0 ? Object.keys(nearTests) : positionals) {
    const name = word.replace(/^src\//, '').replace(/\/$/, '');
    const folder = Object.keys(nearTests).find((known) => name === known || name.startsWith(`${known}/`));
    if (folder === undefined) throw new Error(`${word} is in none of ${Object.keys(nearTests).join(', ')}`);
    const pattern = name.endsWith('.ts') ? `src/${name}` : `src/${name}/**/*.ts`;
    const files = globSync(pattern, { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
    chosen.set(folder, [...(chosen.get(folder) ?? []), ...files].sort());
  }
  return chosen;
}

/** The same order for the same seed (mulberry32), whichever files there are. */
function shuffled<T>(all: readonly T[], seed: number): T[] {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return all
    .map((value) => ({ value, place: random() }))
    .sort((left, right) => left.place - right.place)
    .map(({ value }) => value);
}

async function main(): Promise<void> {
  setPriority(Number(values.nice));
  const endsAt = Date.now() + Number(values.minutes) * 60_000;
  const cache = join(root, 'node_modules', '.cache', 'mutants');
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), 'roster-mutants-'));
  // Tests that are ended early leave their folders there. PostgreSQL runs as another user where this one is root.
  chmodSync(scratch, 0o755);
  process.env['TMPDIR'] = scratch;
  process.env['NODE_COMPILE_CACHE'] = join(cache, 'compiled');
  const folders = chosenFolders();
  const texts = new Map(
    Object.keys(nearTests)
      .flatMap((folder) => globSync(`src/${folder}/**/*.ts`, { cwd: root }))
      .filter((file) => !file.endsWith('.test.ts'))
      .sort()
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );
  const textOf = (path: string): string => texts.get(path) ?? '';
  const book = new VerdictBook(join(cache, 'verdicts.jsonl'));
  /** In the order of the seed; enough that the wanted number compiles. */
  const drawn = new Map<string, Mutant[]>();
  for (const [folder, files] of folders) {
    const all = files.flatMap((file) => mutantsOf(file, textOf(file)));
    drawn.set(folder, shuffled(all, Number(values.seed)).slice(0, 2 * Number(values.count)));
    say(`${folder}: ${all.length} possible faults in ${files.length} files`);
  }
  const verdictOf = (mutant: Mutant): Verdict | undefined =>
    isKnownEqual(mutant, textOf(mutant.path)) ? 'equal' : book.find(mutant, textOf(mutant.path));
  const isOpen = (mutant: Mutant): boolean => {
    const verdict = verdictOf(mutant);
    return verdict === undefined || (values.again && verdict === 'missed');
  };
  const newTree = (name: string): TreeCopy => new TreeCopy(root, join(scratch, name));
  const sound = newTree('sound');
  const trees = Array.from({ length: Number(values.jobs) }, (_, at) => newTree(`tree-${at}`));
  const sample = new Map<string, Mutant[]>();
  const postgres = await serverForRun();
  const end = async (): Promise<void> => {
    endTestRuns();
    await postgres.close();
    rmSync(scratch, { recursive: true, force: true });
  };
  process.once('SIGINT', () => void end().finally(() => process.exit(130)));
  try {
    await prepareForRun();
    const open = [...sample.values()].flat().filter(isOpen);
    const fresh = open.filter((mutant) => book.find(mutant, textOf(mutant.path)) === undefined);
    const compiled = await compiling(fresh, texts, sound.folder);
    for (const mutant of fresh) {
      if (!compiled.has(mutant)) book.add(mutant, textOf(mutant.path), 'does not compile', null);
      else if (isKnownEqual(mutant, textOf(mutant.path)))
        book.add(mutant, textOf(mutant.path), 'equal', null);
    }
    for (const [folder, mutants] of drawn) {
      const good = mutants.filter((mutant) => verdictOf(mutant) !== 'does not compile');
      sample.set(folder, good.slice(0, Number(values.count)));
    }
    const parts = new ExecutedParts({ folder: sound.folder, cache, subjects: texts });
    const soundness = new Soundness(sound.folder);
    for (const [folder, mutants] of sample) {
      const left = mutants.filter(isOpen);
      if (left.length === 0) continue;
      const tests = await testsNear(folder, parts, endsAt);
      const work = left.values();
      await Promise.all(
        trees.map(async (tree) => {
          for (const mutant of work) {
            if (Date.now() > endsAt) return;
            const { verdict, by } = await judge(mutant, textOf(mutant.path), { tests, tree, soundness });
            book.add(mutant, textOf(mutant.path), verdict, by);
            say(
              `${verdict.padEnd(8)} ${describeMutant(mutant, textOf(mutant.path))}${by === null ? '' : `  [${by}]`}`,
            );
          }
        }),
      );
    }
  } finally {
    await end();
  }
  const rows = [...sample].map(([folder, mutants]) => ({
    folder,
    verdicts: mutants.map(verdictOf),
  }));
  say(`\n${scoreTable(rows)}`);
  const missed = [...sample.values()].flat().filter((mutant) => verdictOf(mutant) === 'missed');
  if (missed.length > 0) say('\nno near test notices:');
  for (const mutant of missed) say(`  ${describeMutant(mutant, textOf(mutant.path))}`);
}

/** What each near test executes, the quick ones first. */
async function testsNear(folder: string, parts: ExecutedParts, endsAt: number): Promise<ExecutedBy[]> {
  const files = globSync([...(nearTests[folder] ?? [])], { cwd: root }).sort();
  const found: ExecutedBy[] = [];
  const work = files.values();
  const take = async (): Promise<void> => {
    for (const file of work) {
      if (Date.now() > endsAt) return;
      const by = await parts.of(file);
      if (by.isGreen) found.push(by);
      else say(`${file} fails without a fault, and judges none`);
    }
  };
  say(`${folder}: looking at what ${files.length} near test files execute`);
  await Promise.all(Array.from({ length: Number(values.jobs) }, take));
  return found.sort((left, right) => left.seconds - right.seconds);
}

/** Whether a test file passes without a fault, in this run: looked at when it fails with one. */
class Soundness {
  readonly #folder: string;
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  of({ test, seconds }: ExecutedBy): Promise<boolean> {
    const known = this.#known.get(test) ?? this.#look(test, seconds);
    this.#known.set(test, known);
    return known;
  }

  async #look(test: string, seconds: number): Promise<boolean> {
    const run = await runTestFile(test, { folder: this.#folder, secondsMax: secondsMaxOf(seconds) });
    if (run.outcome !== 'passed') say(`${test} fails without a fault, and judges none: ${run.failure}`);
    return run.outcome === 'passed';
  }
}

/** A machine that does other work is slow: only what is far longer than before hangs. */
function secondsMaxOf(seconds: number): number {
  return 60 + 10 * seconds;
}

async function judge(
  mutant: Mutant,
  text: string,
  by: { readonly tests: readonly ExecutedBy[]; readonly tree: TreeCopy; readonly soundness: Soundness },
): Promise<{ verdict: Verdict; by: string | null }> {
  const able = by.tests.filter((each) => executes(each, mutant.path, mutant.start));
  return by.tree.with(mutant.path, plant(mutant, text), async () => {
    for (const each of able) {
      const secondsMax = secondsMaxOf(each.seconds);
      const run = await runTestFile(each.test, { folder: by.tree.folder, secondsMax });
      if (run.outcome === 'passed' || !(await by.soundness.of(each))) continue;
      const verdict = run.outcome === 'too long' ? 'hangs' : 'noticed';
      return { verdict, by: `${each.test}: ${run.failure ?? run.outcome}` };
    }
    return { verdict: 'missed', by: null };
  });
}

await main();
