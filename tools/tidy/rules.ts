/**
 * The house rules that a program can see, as a table: each names what it forbids, looks at one file, and tells
 * every finding with its line. `test/tidy.test.ts` runs them over the project and over planted violations.
 */
import { arrowFindings } from './arrows.ts';
import { codeOf, commentsOf, lineOf, type SourceFile } from './source.ts';

export interface Finding {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface Rule {
  /** A plain statement of what holds. */
  readonly title: string;
  check(file: SourceFile): readonly { readonly line: number; readonly message: string }[];
}

/** All findings of one rule. */
export function findingsOf(rule: Rule, files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => rule.check(file).map((finding) => ({ path: file.path, ...finding })));
}

/** `src/core/ids.ts:12 message`, as terminals and editors make it clickable. */
export function describeFinding({ path, line, message }: Finding): string {
  return `${path}:${line} ${message}`;
}

const linesMax = 400;

const isTypeScript = ({ path }: SourceFile): boolean => /\.tsx?$/.test(path);
const isTest = ({ path }: SourceFile): boolean => path.endsWith('.test.ts');
const isIn = (file: SourceFile, ...folders: readonly string[]): boolean =>
  folders.some((folder) => file.path.startsWith(folder));

/** Files whose names are fixed by a tool or by habit. */
const namedByHabit = new Set(['README.md', 'CHANGELOG.md']);

/** Where text for people is written to the terminal. */
const isCommandLine = (file: SourceFile): boolean =>
  isIn(file, 'src/main.ts', 'src/cli/', 'tools/', 'bench/');

// Patterns that would find themselves here are written with a bracket inside.
export const rules: readonly Rule[] = [
  {
    title: 'imports follow the arrows',
    check: (file) => (isTypeScript(file) ? arrowFindings(file) : []),
  },
  {
    title: `no file of code is longer than ${linesMax} lines`,
    check(file) {
      if (!/\.(ts|tsx|css|html)$/.test(file.path)) return [];
      const lines = file.text.trimEnd().split('\n').length;
      return lines > linesMax ? [{ line: linesMax + 1, message: `has ${lines} lines` }] : [];
    },
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
  codeRule('no enum', /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w/gm),
  codeRule('no default export', /\bexport\s+default\b|\bas\s+default\b/g),
  codeRule('no re-export of everything', /\bexport\s+(?:type\s+)?\*/g),
  {
    title: 'only the command line and the tools write to the console',
    check: (file) =>
      isCommandLine(file) || !isTypeScript(file) ? [] : matchesOf(codeOf(file.text), file, /\bconsole\./g),
  },
  codeRule('no way around the types', /\bas\s+any\b|\bas\s+unknown\s+as\b|[:<]\s*any\b(?!\s*:)/g),
  {
    title: 'no comment switches the type checker off',
    check: (file) =>
      isTypeScript(file)
        ? matchesOf(commentsOf(file.text), file, /@ts-(?:ignore|expect-error|nocheck)\b/g)
        : [],
  },
  // A folder with a blank in its name would be spelt with `%20`.
  codeRule('no file is named by the path of a URL', /\bimport\.meta\.url\)\.pathname\b/g),
  codeRule('no value is claimed to be there', /[\w)\]]!(?=[.;,)\]}[]|\s*$|\s+(?:as|in|of)\b)/gm),
  {
    title: 'no test is switched off or alone',
    check: (file) =>
      isTest(file)
        ? matchesOf(
            codeOf(file.text),
            file,
            /\b(?:test|it|describe|suite|t)\.(?:only|skip|todo)\b|\b(?:only|todo):\s*true/g,
          )
        : [],
  },
  {
    title: 'no words of unfinished work',
    check: (file) => matchesOf(file.text, file, /\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/g),
  },
  {
    title: 'the project speaks of itself alone',
    check: (file) =>
      matchesOf(
        file.text,
        file,
        /\/work[/]|\bwork[p]lace\b|\bsub[-]?agent|\bcl[a]ude\b|\banth[r]opic\b|\bAI [a]ssistant\b|\b(?:house|stack|brief)[.]md\b|\bissue[s]? #?\d|\bas an? (?:language [m]odel)\b/gi,
      ),
  },
  {
    title: 'a file of the program opens by saying what it decides',
    check: (file) =>
      isIn(file, 'src/') && isTypeScript(file) && !isTest(file) && !file.text.startsWith('/**')
        ? [{ line: 1, message: 'does not open with a comment' }]
        : [],
  },
  {
    title: 'an operation or step of the core says what it promises',
    check(file) {
      if (!isIn(file, 'src/core/') || isTest(file)) return [];
      const lines = file.text.split('\n');
      const opening = /^export (?:async )?function (?<name>\w+)(?:<[^(]*>)?\(\s*(?:core|tx|system)\b/gm;
      return matchesOf(codeOf(file.text), file, opening)
        .filter(({ line }) => lines[line - 2]?.trimEnd().endsWith('*/') !== true)
        .map(({ line }) => ({ line, message: 'has no comment that says what it promises' }));
    },
  },
  {
    title: 'dependencies are pinned to exact versions',
    check(file) {
      if (file.path !== 'package.json') return [];
      return matchesOf(file.text, file, /^ {4}"[^"]+": "(?:[\^~><=*]|\d+(?:\.\d+)?"|latest)/gm);
    },
  },
];

/** A rule that holds for TypeScript, with its comments and strings taken out. */
function codeRule(title: string, pattern: RegExp): Rule {
  return {
    title,
    check: (file) => (isTypeScript(file) ? matchesOf(codeOf(file.text), file, pattern) : []),
  };
}

function matchesOf(searched: string, { text }: SourceFile, pattern: RegExp) {
  const lines = text.split('\n');
  return [...searched.matchAll(pattern)].map((match) => {
    const line = lineOf(searched, match.index + match[0].length - match[0].trimStart().length);
    return { line, message: (lines[line - 1] ?? '').trim() };
  });
}
