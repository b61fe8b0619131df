/**
 * The house rules that a program can check, as a table. Each rule has a title, checks one file, and reports every finding
 * with its line. `test/tidy.test.ts` runs the rules over the project and over planted violations.
 */
import type { VisitorObject } from 'oxc-parser';
import { arrowFindings } from './arrows.ts';
import { lineOf, type SourceFile } from './source.ts';
import { syntaxOf, visit } from './syntax.ts';

export interface Finding {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface Rule {
  /** What is true of every file. */
  readonly title: string;
  check(file: SourceFile): readonly { readonly line: number; readonly message: string }[];
}

/** All findings of one rule. */
export function findingsOf(rule: Rule, files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => rule.check(file).map((finding) => ({ path: file.path, ...finding })));
}

/** `src/core/ids.ts:12 message`: terminals and editors make this form a link. */
export function describeFinding({ path, line, message }: Finding): string {
  return `${path}:${line} ${message}`;
}

const isTypeScript = ({ path }: SourceFile): boolean => /\.tsx?$/.test(path);
const isTest = ({ path }: SourceFile): boolean => path.endsWith('.test.ts');
const isIn = (file: SourceFile, ...folders: readonly string[]): boolean =>
  folders.some((folder) => file.path.startsWith(folder));

/** Files whose names are fixed by a tool or by convention. */
const namedByHabit = new Set(['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']);

// A pattern that would match its own text in this file has a bracket expression in it.
export const rules: readonly Rule[] = [
  {
    title: 'imports follow the arrows',
    check: (file) => (isTypeScript(file) ? arrowFindings(file) : []),
  },
  {
    title: 'file names are kebab-case, and only the list of contracts is an index',
    check({ path }) {
      const name = path.split('/').at(-1) ?? '';
      if (namedByHabit.has(name) || name.startsWith('.')) return [];
      if (name === 'index.ts' && path !== 'src/contracts/index.ts') {
        return [{ line: 1, message: 'is an index of a folder that needs none' }];
      }
      const isKebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|d|config))?(\.[a-z0-9]+)*$/.test(name);
      return isKebab ? [] : [{ line: 1, message: 'is not named in kebab-case' }];
    },
  },
  {
    title: 'no re-export of everything',
    check(file) {
      if (!isTypeScript(file)) return [];
      const entries = syntaxOf(file).module.staticExports.flatMap((each) => each.entries);
      return entries
        .filter(({ importName }) => ['All', 'AllButDefault'].includes(importName.kind))
        .map((entry) => findingAt(file, entry.start));
    },
  },
  syntaxRule('no way around the types', /\bas\s+unknown\s+as\b/, (report) => ({
    TSAsExpression({ expression, start }) {
      const isClaimed =
        expression.type === 'TSAsExpression' && expression.typeAnnotation.type === 'TSUnknownKeyword';
      if (isClaimed) report(start);
    },
  })),
  {
    title: 'no comment switches the type checker off',
    check: (file) =>
      !isTypeScript(file)
        ? []
        : syntaxOf(file)
            .comments.filter(({ value }) => /@ts-(?:ignore|expect-error|nocheck)\b/.test(value))
            .map(({ start }) => findingAt(file, start)),
  },
  // The path of a URL has `%20` in place of a space.
  syntaxRule('no file is named by the path of a URL', /\bimport\.meta\.url\b/, (report, file) => ({
    MemberExpression({ object, property, start }) {
      const isPath = property.type === 'Identifier' && property.name === 'pathname';
      const isOwn = file.text.slice(object.start, object.end).endsWith('import.meta.url)');
      if (isPath && isOwn) report(start);
    },
  })),
  // The linter finds `test.only` and `test.skip`.
  syntaxRule('no test is switched off or alone by an option', /\b(?:only|skip|todo)\b/, (report, file) =>
    isTest(file)
      ? {
          Property({ key, value, start }) {
            const isNamed = key.type === 'Identifier' && ['only', 'todo'].includes(key.name);
            if (isNamed && value.type === 'Literal' && value.value === true) report(start);
          },
          MemberExpression({ object, property, start }) {
            if (object.type !== 'Identifier' || property.type !== 'Identifier') return;
            const isPutOff = object.name === 't' ? ['skip', 'todo'] : ['todo'];
            const isOfTest = ['test', 'it', 'describe', 'suite', 't'].includes(object.name);
            if (isOfTest && isPutOff.includes(property.name)) report(start);
          },
        }
      : {},
  ),
  {
    title: 'no words of unfinished work',
    check: (file) => matchesOf(file, /\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/g),
  },
  {
    title: 'no phrase that must be read twice',
    check: (file) => matchesOf(file, /\bwho is known [m]ay\b/gi),
  },
  {
    title: 'the project speaks of itself alone',
    check: (file) =>
      matchesOf(
        file,
        /\/work[/]|\bwork[p]lace\b|\bsub[-]?agent|\bcl[a]ude\b|\banth[r]opic\b|\bAI [a]ssistant\b|\b(?:house|stack|brief)[.]md\b|\bissue[s]? #?\d|\bas an? (?:language [m]odel)\b/gi,
      ),
  },
  {
    title: 'a file of the program begins with a comment that says what it decides',
    check: (file) =>
      isIn(file, 'src/') && isTypeScript(file) && !isTest(file) && !file.text.startsWith('/**')
        ? [{ line: 1, message: 'does not begin with a comment' }]
        : [],
  },
  {
    title: 'an operation or step of the core says what it promises',
    check(file) {
      if (!isIn(file, 'src/core/') || !isTypeScript(file) || isTest(file)) return [];
      const ends = syntaxOf(file).comments.map(({ end }) => end);
      const isCommented = (start: number) => ends.includes(file.text.slice(0, start).trimEnd().length);
      const found: number[] = [];
      visit(file, {
        ExportNamedDeclaration({ declaration, start }) {
          const [first] = declaration?.type === 'FunctionDeclaration' ? declaration.params : [];
          const isOperation = first?.type === 'Identifier' && ['core', 'tx', 'system'].includes(first.name);
          if (isOperation && !isCommented(start)) found.push(start);
        },
      });
      return found.map((start) => ({
        ...findingAt(file, start),
        message: 'has no comment that says what it promises',
      }));
    },
  },
  {
    title: 'dependencies are pinned to exact versions',
    check(file) {
      if (file.path !== 'package.json') return [];
      return matchesOf(file, /^ {4}"[^"]+": "(?:[\^~><=*]|\d+(?:\.\d+)?"|latest)/gm);
    },
  },
];

/**
 * A rule over the tree of a TypeScript file. A file whose text has no match of `hint` cannot break the rule, and its
 * tree is not built.
 */
function syntaxRule(
  title: string,
  hint: RegExp,
  visitor: (report: (start: number) => void, file: SourceFile) => VisitorObject,
): Rule {
  return {
    title,
    check(file) {
      if (!isTypeScript(file) || !hint.test(file.text)) return [];
      const found: number[] = [];
      visit(
        file,
        visitor((start) => found.push(start), file),
      );
      return found.map((start) => findingAt(file, start));
    },
  };
}

function matchesOf(file: SourceFile, pattern: RegExp) {
  return [...file.text.matchAll(pattern)].map((match) => findingAt(file, match.index));
}

/** A finding that shows the line on which the character at `index` stands. */
function findingAt({ text }: SourceFile, index: number) {
  const line = lineOf(text, index);
  return { line, message: (text.split('\n')[line - 1] ?? '').trim() };
}
