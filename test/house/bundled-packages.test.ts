/** The bundles that make a start quick: they are used for exactly the installed version, and are not needed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../..');

describe('an import of a bundled package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-bundles-'));
  after(() => rmSync(folder, { recursive: true }));
  const place = (path: string, content: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  place('main.mjs', "process.stdout.write((await import('kysely')).from);");
  place('node_modules/kysely/package.json', '{ "version": "2.0.0", "exports": "./index.mjs" }');
  place('node_modules/kysely/index.mjs', "export const from = 'package';");
  place('node_modules/.cache/bundles/kysely.mjs', "export const from = 'bundle';");
  mkdirSync(join(folder, 'bin'));
  copyFileSync(join(root, 'bin/bundled-packages.js'), join(folder, 'bin/bundled-packages.js'));

  const list = 'node_modules/.cache/bundles/bundles.json';
  const cases = [
    { title: 'loads the bundle of the installed version', version: '2.0.0', from: 'bundle' },
    { title: 'loads the package if the bundle is of another version', version: '1.9.0', from: 'package' },
    { title: 'loads the package if there is no bundle', version: null, from: 'package' },
  ];
  for (const { title, version, from } of cases) {
    test(title, () => {
      rmSync(join(folder, list), { force: true });
      const bundle = { import: 'kysely', package: 'kysely', file: 'kysely.mjs', version };
      if (version !== null) place(list, JSON.stringify([bundle]));
      const words = ['--require', './bin/bundled-packages.js', 'main.mjs'];
      const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
      assert.deepEqual({ stdout, stderr }, { stdout: from, stderr: '' });
    });
  }
});

async function exportsOf(path: string): Promise<readonly string[]> {
  return Object.keys(await import(pathToFileURL(path).href)).sort();
}

describe('the tool', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-bundles-'));
  after(() => rmSync(folder, { recursive: true }));

  test('writes bundles that export what the packages export', async () => {
    const { bundlePackages } = await import('../../tools/bundle-packages.ts');
    const bundles = await bundlePackages(folder);
    assert.ok(bundles.length > 0);
    for (const { import: name, package: from, entry, file } of bundles) {
      // The name itself may mean a bundle in this process.
      const original = await exportsOf(join(root, 'node_modules', from, entry));
      assert.deepEqual(await exportsOf(join(folder, file)), original, name);
    }
  });
});
