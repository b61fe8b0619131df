/** Which mutants the compiler accepts. The others never reach a test: `npm test` compiles first. */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Mutant, plant } from './mutants-of.ts';

/** Compiles all at once in the copy of the checkout, each as a file beside its subject. */
export async function compiling(
  mutants: readonly Mutant[],
  texts: ReadonlyMap<string, string>,
  folder: string,
): Promise<Set<Mutant>> {
  if (mutants.length === 0) return new Set();
  const files = mutants.map((mutant, at) => ({
    mutant,
    name: mutant.path.replace(/\.ts$/, `.mutant-${at}.ts`),
  }));
  for (const { mutant, name } of files) {
    writeFileSync(join(folder, name), plant(mutant, texts.get(mutant.path) ?? ''));
  }
  const compiler = join(folder, 'node_modules', '.bin', 'tsc');
  const child = spawn(compiler, ['-p', '.', '--pretty', 'false'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await text(child.stdout);
  for (const { name } of files) rmSync(join(folder, name));
  const refused = new Set(output.split('\n').map((line) => line.slice(0, line.indexOf('('))));
  const other = output.split('\n').find((line) => /^\S+\(\d/.test(line) && !line.includes('.mutant-'));
  if (other !== undefined) throw new Error(`without a fault: ${other}`);
  return new Set(files.filter(({ name }) => !refused.has(name)).map(({ mutant }) => mutant));
}
