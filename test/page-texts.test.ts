import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
