/** Circles of imports: a file that, through others, imports itself. Imports of types count like any other. */

import type { SourceFile } from './source.ts';
import { importsOf, targetOf } from './syntax.ts';

/** One circle for each group of files that reach each other, as the paths in order, the first one repeated. */
export function cyclesOf(files: readonly SourceFile[]): string[][] {
  const edges = new Map<string, string[]>();
  for (const file of files) {
    const targets = importsOf(file).map((each) => targetOf(file, each.specifier));
    edges.set(
      file.path,
      targets.filter((each) => each !== null),
    );
  }
  const cycles: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at !== -1) {
      cycles.push([...trail.slice(at), path]);
      return;
    }
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return cycles;
}
