/**
 * The project's own files, and TypeScript text with its comments and strings taken out, so that a rule about
 * code never trips over prose. Lines and columns stay where they were.
 */
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

/** The text with the contents of comments, strings and regular expressions blanked, and all else in its place. */
export function codeOf(text: string): string {
  return blank(text, 'code');
}

/** The text with everything but comments blanked. */
export function commentsOf(text: string): string {
  return blank(text, 'comments');
}

type Part = 'code' | 'line-comment' | 'block-comment' | 'quoted' | 'template' | 'pattern';

function blank(text: string, keep: 'code' | 'comments'): string {
  const characters = text.split('');
  for (const { part, start, end } of partsOf(text)) {
    const isComment = part === 'line-comment' || part === 'block-comment';
    if (keep === 'code' ? part === 'code' : isComment) continue;
    // The quotes stay where code is kept: an import is known by them.
    const edge = keep === 'code' && !isComment ? 1 : 0;
    for (let index = start + edge; index < end - edge; index += 1) {
      if (characters[index] !== '\n') characters[index] = ' ';
    }
  }
  return characters.join('');
}

interface Span {
  readonly part: Part;
  readonly start: number;
  readonly end: number;
}

function partsOf(text: string): Span[] {
  const spans: Span[] = [];
  // How deep in braces each template that is open was left for its `${`.
  const holes: number[] = [];
  let depth = 0;
  let index = 0;
  let codeStart = 0;
  const close = (part: Part, end: number): void => {
    if (codeStart < index) spans.push({ part: 'code', start: codeStart, end: index });
    spans.push({ part, start: index, end });
    index = end;
    codeStart = end;
  };
  while (index < text.length) {
    const two = text.slice(index, index + 2);
    const one = text[index] ?? '';
    if (two === '//') close('line-comment', endOf(text, index, /\n/g, 0));
    else if (two === '/*') close('block-comment', endOf(text, index + 2, /\*\//g, 2));
    else if (one === "'" || one === '"') close('quoted', endOfQuoted(text, index, one));
    else if (one === '`') close('template', endOfTemplate(text, index + 1, holes, depth));
    else if (one === '}' && holes.at(-1) === depth) {
      holes.pop();
      close('template', endOfTemplate(text, index + 1, holes, depth));
    } else if (one === '/' && isPatternPlace(text.slice(codeStart, index))) {
      close('pattern', endOfPattern(text, index + 1));
    } else {
      if (one === '{') depth += 1;
      if (one === '}') depth -= 1;
      index += 1;
    }
  }
  if (codeStart < text.length) spans.push({ part: 'code', start: codeStart, end: text.length });
  return spans;
}

function endOf(text: string, from: number, mark: RegExp, length: number): number {
  mark.lastIndex = from;
  const match = mark.exec(text);
  return match === null ? text.length : match.index + length;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === quote || text[index] === '\n') return index + 1;
  }
  return text.length;
}

/** The end of a template, or of its piece up to a `${`, which is left on `holes`. */
function endOfTemplate(text: string, from: number, holes: number[], depth: number): number {
  for (let index = from; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '`') return index + 1;
    else if (text[index] === '$' && text[index + 1] === '{') {
      holes.push(depth);
      return index + 2;
    }
  }
  return text.length;
}

function endOfPattern(text: string, from: number): number {
  let isInClass = false;
  for (let index = from; index < text.length; index += 1) {
    const one = text[index];
    if (one === '\\') index += 1;
    else if (one === '[') isInClass = true;
    else if (one === ']') isInClass = false;
    else if (one === '\n') return index;
    else if (one === '/' && !isInClass) return index + 1;
  }
  return text.length;
}

/** A slash begins a regular expression where no value has just ended. */
function isPatternPlace(before: string): boolean {
  const code = before.trimEnd();
  if (code === '') return true;
  return /[(,=:[!&|?{};<>+\-*%~^]$/.test(code) || /\b(return|typeof|case|in|of|await|throw)$/.test(code);
}
