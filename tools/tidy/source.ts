/** The project's own text files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A file of the project. */
export interface SourceFile {
  /** From the project's root, with `/`: `src/core/ids.ts`. */
  readonly path: string;
  readonly text: string;
}

const skippedFolders = new Set(['node_modules', 'data', 'dist', 'coverage', '.git']);
const readable = /\.(ts|tsx|js|mjs|css|html|json|md|sql|yaml|yml|sh|example)$/;

/** Every text file of the project at `root`, by path. */
export function readProject(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/');
    const isSkipped = path.split('/').some((part) => skippedFolders.has(part));
    if (!entry.isFile() || isSkipped || path === 'package-lock.json') continue;
    const isProgram = path.startsWith('bin/') || path.startsWith('.ci/');
    if (readable.test(path) || isProgram) files.push({ path, text: readFileSync(join(root, path), 'utf8') });
  }
  return files.sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** The line, from 1, on which the character at `index` stands. */
export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
