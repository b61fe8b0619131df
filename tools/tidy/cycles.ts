/** Cycles of imports: a file that imports itself through other files. Imports of types count too. */

import type { SourceFile } from './source.ts';
import { importsOf, targetOf } from './syntax.ts';

/** One cycle for each group of files that import each other: the paths in order, the first repeated at the end. */
export function cyclesOf(files: readonly SourceFile[]): string[][] {
  const edges = new Map<string, string[]>();
  for (const file of files) {
    const targets = importsOf(file).map((each) => targetOf(file, each.specifier));
    edges.set(
      file.path,
      targets.filter((each) => each !== null),
    );
  }
  return cyclesIn(edges);
}

/** As `cyclesOf`, for the names that each name leads to. */
export function cyclesIn(edges: ReadonlyMap<string, readonly string[]>): string[][] {
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
