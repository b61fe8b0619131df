/**
 * The house rules as tests: each rule holds for every file of the project, and each finds planted violations.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { rooms } from '../tools/tidy/arrows.ts';
import { crowdFindings } from '../tools/tidy/crowds.ts';
import { cyclesIn, cyclesOf } from '../tools/tidy/cycles.ts';
import { lockFileFindings } from '../tools/tidy/lock-file.ts';
import { checkMigrations, readMigrations } from '../tools/tidy/migrations.ts';
import { describeFinding, findingsOf, rules } from '../tools/tidy/rules.ts';
import { readProject, type SourceFile } from '../tools/tidy/source.ts';
import { importsOf, targetOf } from '../tools/tidy/syntax.ts';
import { vagueWords, vagueWordsMax } from '../tools/tidy/words.ts';

const root = join(import.meta.dirname, '..');
const project = readProject(root);

describe('the project', () => {
  test('is read with all its files', () => {
    const paths = new Set(project.map(({ path }) => path));
    for (const path of ['src/core/errors.ts', 'test/tidy.test.ts', 'package.json', 'bin/roster', '.ci/run']) {
      assert.ok(paths.has(path), path);
    }
  });

  for (const rule of rules) {
    test(rule.title, () => {
      assert.deepEqual(findingsOf(rule, project).map(describeFinding), []);
    });
  }

  test('no room may import itself through others', () => {
    // A room that may import everything is at the top, and has no arrow of its own.
    const named = Object.entries(rooms).filter(([, room]) => !room.rooms.includes('*'));
    assert.deepEqual(cyclesIn(new Map(named.map(([name, room]) => [name, room.rooms]))), []);
    assert.deepEqual(cyclesIn(new Map(Object.entries({ a: ['b'], b: ['a'] }))), [['a', 'b', 'a']]);
  });

  test('has no cycle of imports', () => {
    assert.deepEqual(cyclesOf(project.filter(({ path }) => /\.tsx?$/.test(path))), []);
  });

  test('has no folder of the program or its tests with too many files', () => {
    assert.deepEqual(crowdFindings(project), []);
  });

  test(`at most ${vagueWordsMax} words of the program and its documentation name no one`, () => {
    const found = vagueWords(project);
    assert.ok(found.length <= vagueWordsMax, `${found.length}:\n${found.join('\n')}`);
  });

  test('has every migration as it landed', () => {
    assert.deepEqual(checkMigrations(readMigrations(root)), []);
  });

  test('has a lock file that agrees with package.json and lists the binaries of every platform', () => {
    const read = (name: string): string => readFileSync(join(root, name), 'utf8');
    assert.deepEqual(lockFileFindings(read('package.json'), read('package-lock.json')), []);
  });

  test('runs every migration', () => {
    const runner = project.find(({ path }) => path === 'src/store/migrations/all-migrations.ts');
    assert.ok(runner);
    const imported = importsOf(runner).map(({ specifier }) => targetOf(runner, specifier));
    const missing = Object.keys(readMigrations(root).present).filter((name) => {
      return !imported.includes(`src/store/migrations/${name}`);
    });
    assert.deepEqual(missing, []);
  });
});

interface Planted {
  readonly rule: string;
  readonly path: string;
  /** The violation is the last line. */
  readonly text: string;
}

const about = '/** Says what it decides. */\n';

// A text that would be a finding in this file is assembled from parts.
const planted: readonly Planted[] = [
  ...[
    ['src/core/x.ts', "import { readFileSync } from 'node:fs';"],
    ['src/core/x.ts', "import type { Server } from 'node:http';"],
    ['src/core/x.ts', "import fastify from 'fastify';"],
    ['src/core/x.ts', "import { Kysely } from 'kysely';"],
    ['src/core/x.ts', "import '../store/sqlite/sqlite-store.ts';"],
    ['src/core/x.ts', "export { a } from '../http/page.ts';"],
    ['src/core/x.ts', "const store = await import('../store/sqlite/sqlite-store.ts');"],
    ['src/core/x.ts', "type Store = import('../store/sqlite/sqlite-store.ts').Store;"],
    ['src/core/x.ts', "import {\n  a,\n  type B,\n} from 'better-sqlite3';"],
    ['src/http/x.ts', "import { a } from '../contracts/sonar/routes.ts';"],
    ['src/http/x.ts', "import { a } from '../store/schema/tables.ts';"],
    ['src/contracts/sonar/x.ts', "import { a } from '../general/present.ts';"],
    ['src/contracts/sonar/x.ts', "import { contracts } from '../index.ts';"],
    ['src/contracts/sonar/x.ts', "import { a } from '../../store/schema/tables.ts';"],
    ['src/contracts/sonar/x.ts', "import { a } from 'fastify';"],
    ['src/jobs/x.ts', "import { a } from '../gateways/smtp-sender.ts';"],
    ['src/store/users/x.ts', "import { a } from '../../http/page.ts';"],
    ['src/store/users/x.ts', "import { a } from '../sqlite/lock.ts';"],
    ['src/store/sql/x.ts', "import { a } from '../users/user-row.ts';"],
    ['src/store/postgres/x.ts', "import { a } from '../sqlite/lock.ts';"],
    ['src/store/x.ts', 'const here = 1;'],
    ['src/gateways/x.ts', "import { a } from '../config/config.ts';"],
    ['src/cli/x.ts', "import { a } from '../store/schema/tables.ts';"],
    ['web/connect/x.tsx', "import { a } from '../../src/core/ids.ts';"],
    ['web/connect/x.tsx', "import { a } from 'kysely';"],
    ['src/elsewhere/x.ts', 'const here = 1;'],
  ].map(([path = '', text = '']) => ({ rule: 'imports follow the arrows', path, text })),
  ...['src/core/UserStore.ts', 'src/core/user_store.ts', 'src/core/index.ts', 'docs/My Page.md'].map(
    (path) => ({
      rule: 'file names are kebab-case, and only the list of contracts is an index',
      path,
      text: about,
    }),
  ),
  ...codePlants('no re-export of everything', [
    "export * from './ids.ts';",
    "export type * from './ids.ts';",
  ]),
  ...codePlants('no way around the types', ['const a = b as unknown as string;']),
  ...codePlants('no file is named by the path of a URL', [
    "const root = new URL('..', import.meta.url).pathname;",
  ]),
  ...codePlants('no comment switches the type checker off', [
    '// @ts' + '-ignore',
    '/* @ts' + '-expect-error */',
  ]),
  ...["test('a', { only: true }, () => {});", "t.todo('a');", "test.todo('a');", 't.skip();'].map((text) => ({
    rule: 'no test is switched off or alone by an option',
    path: 'test/x.test.ts',
    text,
  })),
  ...['// TO' + 'DO: later', '// FIX' + 'ME'].flatMap((text) =>
    ['src/core/x.ts', 'docs/x.md'].map((path) => ({ rule: 'no words of unfinished work', path, text })),
  ),
  { rule: 'no phrase that must be read twice', path: 'docs/x.md', text: 'who is known m' + 'ay write' },
  ...['see /wo' + 'rk/shared', 'closes is' + 'sue 12', 'as house' + '.md says'].map((text) => ({
    rule: 'the project speaks of itself alone',
    path: 'docs/x.md',
    text,
  })),
  {
    rule: 'a file of the program begins with a comment that says what it decides',
    path: 'src/core/x.ts',
    text: 'const a = 1;',
  },
  ...[
    'export async function remove(core: Core, id: string): Promise<void> {}',
    'export function post<T>(\n  core: Core,\n): void {}',
    'export function addStep(tx: Tx): void {}',
  ].map((text) => ({
    rule: 'an operation or step of the core says what it promises',
    path: 'src/core/x.ts',
    text,
  })),
  ...['^1.0.0', '~1.0.0', '>=1', '*', 'latest', '1'].map((version) => ({
    rule: 'dependencies are pinned to exact versions',
    path: 'package.json',
    text: `    "kysely": "${version}"`,
  })),
];

/** Violations that the linter finds, by the name of its rule. */
const plantedForLinter: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['noExcessiveLinesPerFile', 'src/core/long.ts', `${'\n'.repeat(400)}a();`],
  ['noExcessiveLinesPerFile', 'src/pages/long.css', `${'\n'.repeat(400)}a { color: red; }`],
  ['noExcessiveLinesPerFile', 'src/pages/long.html', `${'\n'.repeat(400)}<p>a</p>`],
  ['noEnum', 'src/core/enum.ts', 'export enum A { B }'],
  ['noConstEnum', 'src/core/const-enum.ts', 'export const enum A { B }'],
  ['noDefaultExport', 'src/core/default.ts', 'export default 1;'],
  ['noDefaultExport', 'src/core/as-default.ts', 'const a = 1;\nexport { a as default };'],
  ['noConsole', 'src/core/console.ts', "console.log('x');"],
  ['noConsole', 'src/cli/console.ts', "console.log('x');"],
  ['noExplicitAny', 'src/core/as-any.ts', 'export const a = b as any;'],
  ['noExplicitAny', 'src/core/any.ts', 'export let a: any;'],
  ['noExplicitAny', 'src/core/map-of-any.ts', 'export const a = new Map<any, string>();'],
  ['noNonNullAssertion', 'src/core/claim.ts', 'export const a = b!;'],
  ['noNonNullAssertion', 'src/core/claim-in-call.ts', 'a(b!.c);'],
  ['noNonNullAssertion', 'src/core/claim-of-element.ts', 'a[0]!.b();'],
  ['noNonNullAssertion', 'src/core/claim-of-result.ts', 'export const a = b()!;'],
  ['noFocusedTests', 'test/only.test.ts', "test.only('a', () => {});"],
  ['noSkippedTests', 'test/skip.test.ts', "describe.skip('a', () => {});"],
];

/** The rules that each file violates, according to the linter. */
async function lint(files: readonly SourceFile[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'roster-lint-'));
  try {
    for (const name of ['biome.json', '.gitignore']) await copyFile(join(root, name), join(folder, name));
    for (const { path, text } of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), `${text}\n`);
    }
    const linter = join(root, 'node_modules/@biomejs/biome/bin/biome');
    const { stdout } = spawnSync(
      process.execPath,
      [linter, 'lint', '--reporter=json', '--max-diagnostics=none'],
      { cwd: folder, encoding: 'utf8' },
    );
    const { diagnostics }: LinterReport = JSON.parse(stdout);
    const byPath = Map.groupBy(diagnostics, ({ location }) => location.path);
    return new Map([...byPath].map(([path, found]) => [path, found.map(({ category }) => category)]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface LinterReport {
  /** A category is a path that ends in the name of the rule: `lint/style/noEnum`. */
  readonly diagnostics: readonly {
    readonly category: string;
    readonly location: { readonly path: string };
  }[];
}

test('the linter finds the violations of its part of the house rules', async () => {
  const found = await lint(plantedForLinter.map(([, path, text]) => ({ path, text })));
  for (const [rule, path] of plantedForLinter) {
    const broken = found.get(path) ?? [];
    assert.ok(
      broken.some((category) => category.endsWith(`/${rule}`)),
      `${rule} in ${path}: ${broken}`,
    );
  }
});

/** The start of a text, on one line. */
function titled(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 60);
}

function codePlants(rule: string, texts: readonly string[]): Planted[] {
  return texts.map((text) => ({ rule, path: 'src/core/x.ts', text }));
}

describe('the house rules find', () => {
  for (const { rule: title, path, text } of planted) {
    test(`"${titled(text)}" in ${path}: ${title}`, () => {
      const rule = rules.find((each) => each.title === title);
      assert.ok(rule, title);
      assert.ok(findingsOf(rule, [{ path, text }]).length > 0);
    });
  }

  test('a planted violation of each rule', () => {
    const covered = new Set(planted.map(({ rule }) => rule));
    assert.deepEqual(
      rules.map(({ title }) => title).filter((title) => !covered.has(title)),
      [],
    );
  });

  test('the right line after comments and templates', () => {
    const text = `${about}// a 'quote\nconst a = \`\${b} /* \`;\nconst c = /['"]/.test(a);\nimport 'fastify';\n`;
    const rule = rules.find(({ title }) => title === 'imports follow the arrows');
    assert.ok(rule);
    assert.deepEqual(findingsOf(rule, [{ path: 'src/core/x.ts', text }]), [
      { path: 'src/core/x.ts', line: 5, message: 'core must not import fastify' },
    ]);
  });

  test('a cycle of imports, also of types alone', () => {
    const file = (name: string, text: string): SourceFile => ({ path: `src/${name}.ts`, text });
    const a = file('a', "import { b } from './b.ts';");
    const c = file('c', "import { a } from './a.ts';");
    const cycle = cyclesOf([a, file('b', "import { c } from './c.ts';"), c]);
    assert.deepEqual(cycle, [['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/a.ts']]);
    assert.deepEqual(cyclesOf([a, file('b', "import type { C } from './c.ts';"), c]), cycle);
    assert.deepEqual(cyclesOf([a, file('b', ''), c]), []);
  });

  test('a folder that holds too many files', () => {
    const folder = Array.from({ length: 25 }, (_, index) => ({ path: `src/core/${index}.ts` }));
    const beside = { path: 'src/core/0.test.ts' };
    assert.deepEqual(crowdFindings([...folder, beside, { path: 'src/core/access/25.ts' }]), []);
    assert.equal(crowdFindings([...folder, { path: 'src/core/25.ts' }]).length, 1);
    for (const room of ['test/cli', 'web/connect']) {
      const files = Array.from({ length: 26 }, (_, index) => ({ path: `${room}/${index}.ts` }));
      assert.equal(crowdFindings(files).length, 1, room);
    }
    const suites = Array.from({ length: 26 }, (_, index) => ({ path: `test/cli/${index}.test.ts` }));
    assert.equal(crowdFindings(suites).length, 1);
  });

  test('words that name no one', () => {
    const text = 'a\nNobody and any' + 'body: somebodies';
    const [outside, ...inside] = ['test/x.ts', 'docs/x.md', 'README.md'].map((path) => ({ path, text }));
    assert.ok(outside);
    assert.deepEqual(vagueWords([outside]), []);
    assert.deepEqual(vagueWords(inside).slice(0, 2), ['docs/x.md:2 Nobody', 'docs/x.md:2 anybody']);
    assert.equal(vagueWords(inside).length, 4);
  });

  test('a lock file that differs from package.json, and one with the binaries of one platform', () => {
    const manifest = JSON.stringify({ dependencies: { a: '1.0.0' }, devDependencies: { b: '1.0.0' } });
    const lockFile = (version: string, ...platforms: readonly string[]): string => {
      const own = { dependencies: { a: version }, devDependencies: { b: '1.0.0' } };
      const b = { optionalDependencies: { 'b-linux': '1.0.0', 'b-darwin': '1.0.0' } };
      const binaries = platforms.map((name) => [`node_modules/b-${name}`, {}]);
      return JSON.stringify({ packages: { '': own, 'node_modules/b': b, ...Object.fromEntries(binaries) } });
    };
    assert.deepEqual(lockFileFindings(manifest, lockFile('1.0.0', 'linux', 'darwin')), []);
    assert.equal(lockFileFindings(manifest, lockFile('1.1.0', 'linux', 'darwin')).length, 1);
    assert.equal(lockFileFindings(manifest, lockFile('1.0.0', 'linux')).length, 1);
  });

  test('a migration that was changed, removed or never listed', () => {
    const landed = { '0001-a.ts': 'digest a', '0002-b.ts': 'digest b' };
    const present = { '0001-a.ts': 'another', '0003-c.ts': 'digest c' };
    assert.equal(checkMigrations({ landed, present }).length, 3);
    assert.deepEqual(checkMigrations({ landed, present: landed }), []);
  });
});

describe('prose and strings are not findings', () => {
  const harmless: readonly (readonly [path: string, text: string])[] = [
    ['src/core/x.ts', `${about}const text = "import fs from 'node:fs'";`],
    ['src/core/x.ts', `${about}// the same as any other enum A, console.log and export default\n`],
    ['src/core/x.ts', `${about}const isDone = !a && b !== c;\nif (!a) b(!c);`],
    ['src/contracts/index.ts', `${about}import { sonar } from './sonar/contract.ts';`],
    [
      'src/contracts/sonar/routes.ts',
      `${about}import { a } from './present.ts';\nimport '../../core/ids.ts';`,
    ],
    ['src/core/directory/user.ts', `${about}import { refuse } from '../errors.ts';`],
    ['package.json', '    "kysely": "0.29.9",\n    "x": "1.0.0-beta.1"'],
  ];
  for (const [path, text] of harmless) {
    test(`${path}: ${titled(text.replace(about, ''))}`, () => {
      const found = rules.flatMap((rule) => findingsOf(rule, [{ path, text }]));
      assert.deepEqual(found.map(describeFinding), []);
    });
  }
});
