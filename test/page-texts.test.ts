import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readTextTree, type TextTree } from '../src/core/messaging/text-tree.ts';
import { englishSiteTexts } from '../src/pages/site-texts.ts';
import { pageTextsPath, renderPageTexts } from '../tools/page-texts.ts';

const page = readFileSync(join(import.meta.dirname, '..', pageTextsPath), 'utf8');

describe('the documentation of the texts of web pages', () => {
  test('is generated from the present texts', () => {
    assert.equal(page, renderPageTexts(), 'stale: run `node tools/page-texts.ts`');
  });

  test('has the texts of every page: a deployment can replace them all', () => {
    const root = join(import.meta.dirname, '..');
    const registry = readFileSync(join(root, 'src', 'pages', 'site-texts.ts'), 'utf8');
    const pages = join(root, 'src', 'pages');
    const files = readdirSync(pages, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('-texts.ts'),
    );
    const others = ['local-texts.ts', 'site-texts.ts'];
    const missing = files.filter((path) => !others.includes(path) && !registry.includes(`'./${path}'`));
    assert.deepEqual(missing, []);
  });

  test('has files that a folder of texts may have, unchanged', () => {
    const blocks = [...page.matchAll(/^## `(\w+)\.json`\n\n```json\n([^`]*)\n```$/gm)];
    assert.deepEqual(
      blocks.map(([, name]) => name),
      Object.keys(englishSiteTexts),
    );
    for (const [, name = '', json = ''] of blocks) {
      const own: TextTree = Object.fromEntries(Object.entries(englishSiteTexts[name] ?? {}));
      const read = readTextTree(JSON.parse(json), own, (path, problem) => assert.fail(`${path} ${problem}`));
      assert.deepEqual(read, own);
    }
  });
});
