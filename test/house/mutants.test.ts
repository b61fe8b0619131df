/** The tool that plants faults: what it plants, and what it says of a test that passes, fails or hangs. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { describeMutant, factsOf, mutantsOf, plant } from '../../tools/mutants/mutants-of.ts';
import { runTestFile } from '../../tools/mutants/test-run.ts';
import { TreeCopy } from '../../tools/mutants/tree-copy.ts';
import { scoreTable } from '../../tools/mutants/verdicts.ts';
import { slowTestMs } from '../support/effort.ts';

const path = 'src/core/subject.ts';
const text = `import { dayMs } from './time.ts';

export async function act(now: number, user: User | null): Promise<number> {
  if (user === null || user.endedAt <= now) throw refuse('not_found', {});
  await note(user);
  return Math.min(7 * dayMs, now - 1);
}

export const select = build.selectFrom('users').where('org_key', '=', 1).where('at', '<', 2);
`;

describe('the mutants of a file', () => {
  const mutants = mutantsOf(path, text);
  const faults = mutants.map((mutant) => `${factsOf(mutant, text).at}: ${factsOf(mutant, text).fault}`);

  test('are the faults that people make', () => {
    const expected = [
      '4: <= -> <',
      '4: <= -> >',
      '4: || -> &&',
      '4: user === null || user.endedAt <= now -> user === null',
      '4: user === null || user.endedAt <= now -> false',
      "4: throw refuse('not_found', {}); -> (nothing)",
      '5: await note(user); -> (nothing)',
      '6: min -> max',
      '6: 7 -> 8',
      '6: * -> /',
      '6: dayMs -> (2 * dayMs)',
      '6: - -> +',
      "9: .where('org_key', '=', 1) -> (nothing)",
      "9: '=' -> '!='",
      "9: '<' -> '<='",
    ];
    for (const fault of expected)
      assert.ok(faults.includes(fault), `${fault} is not in\n${faults.join('\n')}`);
  });

  test('leave imports, types and other texts alone', () => {
    assert.ok(!faults.some((fault) => fault.startsWith('1:') || fault.startsWith('3:')), faults.join('\n'));
    assert.ok(!faults.some((fault) => fault.includes("'users' ->") || fault.includes("'not_found' ->")));
  });

  test('each differ from the file in their own place only, and are described with their line', () => {
    for (const mutant of mutants) {
      const planted = plant(mutant, text);
      assert.notEqual(planted, text);
      assert.equal(planted.slice(0, mutant.start), text.slice(0, mutant.start));
      assert.ok(planted.endsWith(text.slice(mutant.end)));
    }
    const [first] = mutants.filter((mutant) => factsOf(mutant, text).fault === '7 -> 8');
    assert.ok(first);
    assert.equal(describeMutant(first, text), `${path}:6  return Math.min(7 * dayMs, now - 1);  ||  7 -> 8`);
  });
});

describe('a test that is run with a fault', () => {
  let folder: string;
  let tree: TreeCopy;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'roster-mutants-'));
    const root = join(folder, 'root');
    mkdirSync(join(root, 'src'), { recursive: true });
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(root, 'src', 'twice.ts'), 'export const twice = (n: number): number => n * 2;\n');
    writeFileSync(
      join(root, 'src', 'twice.test.ts'),
      `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { twice } from './twice.ts';
test('doubles', () => assert.equal(twice(3), 6));
`,
    );
    tree = new TreeCopy(root, join(folder, 'copy'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (secondsMax = 60) => runTestFile('src/twice.test.ts', { folder: tree.folder, secondsMax });

  test('passes without one, and the copy is as before afterwards', { timeout: slowTestMs }, async () => {
    assert.equal((await run()).outcome, 'passed');
    const noticed = await tree.with('src/twice.ts', 'export const twice = (n: number) => n / 2;\n', run);
    assert.deepEqual([noticed.outcome, noticed.failure], ['failed', 'doubles']);
    const broken = await tree.with('src/twice.ts', 'export const thrice = 3;\n', run);
    assert.equal(broken.outcome, 'failed');
    assert.match(readFileSync(join(tree.folder, 'src', 'twice.ts'), 'utf8'), /n \* 2/);
  });

  test('is ended where it takes too long', { timeout: slowTestMs }, async () => {
    const endless = 'export const twice = (): number => { for (;;); };\n';
    assert.equal((await tree.with('src/twice.ts', endless, () => run(3))).outcome, 'too long');
  });
});

test('the score is the share of the noticed ones, without those that are equal or do not compile', () => {
  const verdicts = ['noticed', 'noticed', 'hangs', 'missed', 'equal', 'does not compile', undefined] as const;
  assert.match(scoreTable([{ folder: 'core/x', verdicts }]), /\| core\/x \| 4 \| 3 \| 1 \| 1 \| 75\.0 % \|/);
});
