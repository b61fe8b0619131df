import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lives, renderDiagram, renderStates, statesPath } from '../tools/states.ts';
import { readProject } from '../tools/tidy/source.ts';
import { syntaxOf } from '../tools/tidy/syntax.ts';

const root = join(import.meta.dirname, '..');

test('the page of states is generated from the present tables', () => {
  assert.equal(readFileSync(join(root, statesPath), 'utf8'), renderStates(), 'run `node tools/states.ts`');
});

test('the page shows every transition table of the core', () => {
  const tables = readProject(root)
    .filter(({ path }) => path.startsWith('src/core/') && path.endsWith('.ts'))
    .flatMap((file) => syntaxOf(file).module.staticExports.flatMap(({ entries }) => entries))
    .flatMap(({ exportName, isType }) => (isType ? [] : (exportName.name ?? [])))
    .filter((name) => name.endsWith('Transitions'));
  assert.ok(tables.includes('userTransitions'));
  assert.deepEqual(tables.sort(), lives.map(({ name }) => name).sort());
});

test('a diagram has every transition of its table once, and no other', () => {
  const drawn = renderDiagram({
    table: { open: { close: 'closed', lose: 'lost' }, closed: { open: 'open' }, lost: {} },
    first: ['open'],
    removal: null,
  });
  assert.deepEqual(
    drawn
      .split('\n')
      .slice(2, -1)
      .map((line) => line.trim()),
    ['[*] --> open', 'open --> closed: close', 'open --> lost: lose', 'closed --> open: open'],
  );
});
