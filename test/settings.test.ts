import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderFiles } from '../tools/settings.ts';

for (const { path, content } of renderFiles()) {
  test(`${path} is generated from the present list of settings`, () => {
    const written = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
    assert.equal(written, content, 'stale: run `node tools/settings.ts`');
  });
}
