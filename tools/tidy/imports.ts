/** The imports of a TypeScript file, read from its text: static, dynamic, type-only and re-exports alike. */
import { posix } from 'node:path';
import { codeOf, lineOf, type SourceFile } from './source.ts';

export interface Import {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
  /** True where nothing of it is left at run time. */
  readonly isTypeOnly: boolean;
}

// The quotes of the specifier are all that is left of it in code without strings; its text is read beside.
const forms = [
  /\b(?:import|export)\b(?<names>[^;'"()=]*?)\bfrom\s*['"]/g,
  /\bimport\s*['"]/g,
  /\b(?<typeof>typeof\s+)?\bimport\s*\(\s*['"`]/g,
  /\brequire\s*\(\s*['"`]/g,
];

export function importsOf({ text }: SourceFile): Import[] {
  const code = codeOf(text);
  const imports: Import[] = [];
  for (const form of forms) {
    for (const match of code.matchAll(form)) {
      const start = match.index + match[0].length;
      const quote = text[start - 1] ?? "'";
      const isTypeOnly =
        /^\s+type\b(?!\s*,)/.test(match.groups?.['names'] ?? '') || match.groups?.['typeof'] !== undefined;
      imports.push({
        specifier: text.slice(start, text.indexOf(quote, start)),
        line: lineOf(text, start),
        isTypeOnly,
      });
    }
  }
  return imports.sort((left, right) => left.line - right.line);
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
