/** The checks of continuous integration, on a small project with the real settings and planted faults. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const root = join(import.meta.dirname, '..');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

/** The commands of a script before the tests. */
function checksOf(script: string | undefined): string {
  const commands = (script ?? '').split(' && ');
  const end = commands.findIndex((command) => /\bnode .*--test\b/.test(command));
  assert.ok(end > 0, `no checks in ${script}`);
  return commands.slice(0, end).join(' && ');
}

const good = "export const name: string = 'roster';\n";

describe('the checks before the tests', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-ci-'));
  after(() => rmSync(folder, { recursive: true }));
  for (const name of ['tsconfig.json', 'biome.json', '.gitignore'])
    cpSync(join(root, name), join(folder, name));
  writeFileSync(join(folder, 'package.json'), '{\n  "type": "module"\n}\n');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'src'));
  for (const page of ['connect', 'console']) {
    mkdirSync(join(folder, 'web', page), { recursive: true });
    cpSync(join(root, 'web', page, 'tsconfig.json'), join(folder, 'web', page, 'tsconfig.json'));
    writeFileSync(join(folder, 'web', page, 'page.ts'), good);
  }

  function check(text: string): { status: number | null; output: string } {
    writeFileSync(join(folder, 'src', 'subject.ts'), text);
    const path = `${join(root, 'node_modules', '.bin')}:${process.env['PATH']}`;
    const env = { ...process.env, PATH: path };
    const { status, stdout, stderr } = spawnSync('sh', ['-c', checksOf(scripts['test'])], {
      cwd: folder,
      env,
    });
    return { status, output: `${stdout}${stderr}` };
  }

  test('accept correct code', () => {
    const { status, output } = check(good);
    assert.equal(status, 0, output);
  });

  const faults: readonly (readonly [title: string, text: string])[] = [
    ['a type error', 'export const name: string = 1;\n'],
    ['an unused import', "import { join } from 'node:path';\n\nexport const name = 'roster';\n"],
    ['an enum', "export enum Name {\n  A = 'a',\n}\n"],
    ['a non-null assertion', 'export const first = (list: string[]): string => list[0]!;\n'],
    ['any', 'export const same = (value: any): unknown => value;\n'],
    [
      'a promise that is not awaited',
      'async function work(): Promise<void> {}\n\nexport async function begin(): Promise<void> {\n  work();\n}\n',
    ],
    ['a line on the console', "console.log('roster');\n\nexport {};\n"],
    ['an unformatted file', good.replaceAll("'", '"')],
  ];
  for (const [title, text] of faults) {
    test(`refuse ${title}, and name the file`, () => {
      const { status, output } = check(text);
      assert.notEqual(status, 0, output);
      assert.match(output, /src\/subject\.ts/);
    });
  }

  test('are the same in the quick check and before all tests', () => {
    assert.equal(checksOf(scripts['check']), checksOf(scripts['test']));
  });
});

test('continuous integration runs the test command of the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  assert.match(readme, /^\s*npm ci && npm test\b/m);
  const run = readFileSync(join(root, '.ci', 'run'), 'utf8');
  assert.match(run, /^npm ci$/m);
  assert.match(run, /^ {2}if timeout .* npm test; then return 0; fi$/m);
  assert.match(run, /^ {2}if npm run test:cluster; then return 0; fi$/m);
  assert.match(run, /^run_tests\nrun_cluster$/m);
});
