/**
 * The syntax of a TypeScript file: its imports, its comments and its tree. A file is parsed once, and its tree is
 * built only for a rule that asks for it.
 */
import { posix } from 'node:path';
import { type ParseResult, parseSync, Visitor, type VisitorObject } from 'oxc-parser';
import { lineOf, type SourceFile } from './source.ts';

export interface Import {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
}

const parsed = new WeakMap<SourceFile, ParseResult>();

/** Throws if the text is not valid TypeScript. */
export function syntaxOf(file: SourceFile): ParseResult {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const result = parseSync(file.path, file.text);
  const [error] = result.errors;
  if (error !== undefined) throw new Error(`${file.path}: ${error.message}`);
  parsed.set(file, result);
  return result;
}

/** Walks the tree of the file: calls the function of `visitor` for each kind of node. */
export function visit(file: SourceFile, visitor: VisitorObject): void {
  new Visitor(visitor).visit(syntaxOf(file).program);
}

/** Every import of the file in order: static, dynamic, of types alone, and by a re-export. */
export function importsOf(file: SourceFile): Import[] {
  const { staticImports, staticExports } = syntaxOf(file).module;
  const found: { readonly value: string; readonly start: number }[] = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest),
    ...staticExports.flatMap(({ entries }) => entries[0]?.moduleRequest ?? []),
  ];
  if (/\b(?:import|require)\s*\(/.test(file.text)) {
    visit(file, {
      ImportExpression: ({ source }) => found.push(specifierIn(file, source)),
      TSImportType: ({ source }) => found.push(specifierIn(file, source)),
      TSExternalModuleReference: ({ expression }) => found.push(specifierIn(file, expression)),
      CallExpression({ callee, arguments: [source] }) {
        if (callee.type === 'Identifier' && callee.name === 'require' && source !== undefined) {
          found.push(specifierIn(file, source));
        }
      },
    });
  }
  return found
    .sort((left, right) => left.start - right.start)
    .map(({ value, start }) => ({ specifier: value, line: lineOf(file.text, start) }));
}

/** The text of a literal. An expression stands for itself, so that the table of arrows does not allow it. */
function specifierIn(file: SourceFile, { start, end }: { readonly start: number; readonly end: number }) {
  return { value: file.text.slice(start, end).replace(/^(['"`])(.*)\1$/s, '$2'), start };
}

/** The project's file that a relative specifier names; null for a package or a module of Node. */
export function targetOf(file: SourceFile, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return posix.normalize(posix.join(posix.dirname(file.path), specifier));
}

/** The name of the package of a specifier: `@scope/name/sub` is `@scope/name`, `node:fs/promises` is `node:fs`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}
