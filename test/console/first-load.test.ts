/**
 * What a browser loads before the console shows something: the script of the page and everything that it imports. The build
 * is the one that `npm run build` has made.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const folder = join(import.meta.dirname, '..', '..', 'dist', 'console');
const scriptsMax = 250_000;
const stylesMax = 30_000;

/** The scripts that this one imports before it runs, itself included. */
function withImports(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(join(folder, name), 'utf8');
  for (const [, imported = ''] of text.matchAll(/(?:from|\bimport)\s*["']\.\/([^"']+\.js)["']/g)) {
    withImports(imported, found);
  }
  return found;
}

function scriptOf(page: string): string {
  const pattern = new RegExp(`^${page}-[\\w-]{8}\\.js$`);
  const [name, ...others] = readdirSync(folder).filter((each) => pattern.test(each));
  assert.ok(name !== undefined && others.length === 0, `${page}: run \`npm run build\``);
  return name;
}

const packedSize = (names: Iterable<string>): number =>
  [...names].reduce((sum, name) => sum + statSync(join(folder, `${name}.br`)).size, 0);

describe('the first load of the console', () => {
  test('finds the imports of a script, and not what is loaded later', () => {
    const main = withImports(scriptOf('main'));
    assert.ok(main.has(scriptOf('main')));
    assert.ok(!main.has(scriptOf('people-page')));
    assert.ok(withImports(scriptOf('people-page')).has(scriptOf('shared')));
  });

  const pages = readdirSync(folder).flatMap((name) => /^([a-z-]+-page)-[\w-]{8}\.js$/.exec(name)?.[1] ?? []);
  // A page that the pattern does not find would be held to nothing.
  assert.ok(pages.length >= 11, pages.join(', '));
  for (const page of pages) {
    test(`of ${page} has less than ${scriptsMax} bytes of compressed script`, () => {
      const scripts = withImports(scriptOf(page), withImports(scriptOf('main')));
      const size = packedSize(scripts);
      assert.ok(size < scriptsMax, `${size} bytes: ${[...scripts].join(', ')}`);
    });
  }

  test(`has less than ${stylesMax} bytes of compressed styles`, () => {
    const styles = readdirSync(folder).filter((name) => name.endsWith('.css'));
    assert.equal(styles.length, 1);
    assert.ok(packedSize(styles) < stylesMax, String(packedSize(styles)));
  });
});
