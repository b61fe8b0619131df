/** The documentation names files that exist, links that resolve, and tables that agree with the code. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { rooms } from '../../tools/tidy/arrows.ts';

const root = join(import.meta.dirname, '..', '..');
const decisions = readdirSync(join(root, 'docs', 'decisions')).filter((name) => /^\d{4}-/.test(name));
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
  ...['README.md', ...decisions].map((name) => `docs/decisions/${name}`),
  ...readdirSync(join(root, 'docs', 'runbook')).map((name) => `docs/runbook/${name}`),
];

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The page without its blocks of code, which hold other languages. */
function proseOf(path: string): string {
  return read(path).replaceAll(/^ *```.*?^ *```/gms, '');
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): ReadonlySet<string> {
  const headings = proseOf(path).matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) => {
      const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      return text.replaceAll(/[^\p{L}\p{N}\- _]/gu, '').replaceAll(' ', '-');
    }),
  );
}

/** The links of a page that lead nowhere. */
function brokenLinksOf(path: string): string[] {
  const links = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^(https?|mailto):/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(target).has(anchor);
  });
}

/** The paths of the project that a page names as code; a path with a placeholder names no file. */
function filesNamedIn(path: string): string[] {
  const code = [...proseOf(path).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
  return code.filter((text) => /^(src|test|tools|docs|web|bench|bin)\/[\w./-]*$/.test(text));
}

/** The cells of the rows of the table below that head. */
function rowsBelow(path: string, head: string): string[][] {
  const [, after = ''] = read(path).split(`${head}\n`);
  const [table = ''] = after.split('\n\n');
  const lines = table.split('\n').slice(1);
  return lines
    .filter((line) => line !== '')
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

function codeIn(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text).sort();
}

describe('the documentation', () => {
  for (const path of pages) {
    test(`${path}: every link resolves, and every file that it names exists`, () => {
      assert.deepEqual(brokenLinksOf(path), []);
      assert.deepEqual(
        filesNamedIn(path).filter((file) => !existsSync(join(root, file))),
        [],
      );
    });
  }

  test('the rooms of architecture.md are those of the table of arrows', () => {
    const rows = rowsBelow('docs/architecture.md', '| room | folder | content | may import |');
    const documented = rows.map(([room, folder, , imports]) => {
      const isFree = imports === 'everything';
      return { room: codeIn(room)[0], paths: codeIn(folder), imports: isFree ? ['*'] : codeIn(imports) };
    });
    const declared = Object.entries(rooms).map(([room, { paths, rooms: imports }]) => {
      return { room, paths: [...paths].sort(), imports: [...imports].sort() };
    });
    assert.deepEqual(documented, declared);
  });

  test('the index of decisions has each decision with its title and its state', () => {
    const rows = rowsBelow('docs/decisions/README.md', '| number | decision | state | choice |');
    const indexed = rows.map(([number, decision, state]) => [number, decision, state]);
    const written = decisions.map((name) => {
      const text = read(`docs/decisions/${name}`);
      const [, number, title] = /^# (\d{4})\. (.+)$/m.exec(text) ?? [];
      const [, state] = /^\*\*State:\*\* (.+)\.$/m.exec(text) ?? [];
      return [number, `[${title}](${name})`, state];
    });
    assert.deepEqual(indexed, written);
    for (const [at, name] of decisions.entries()) assert.ok(name.startsWith(`${written[at]?.[0]}-`), name);
  });

  test('the glossary has each term once, in alphabetical order', () => {
    const terms = rowsBelow('docs/style.md', '| term | meaning |').map(([term = '']) => term.toLowerCase());
    assert.ok(terms.length > 0);
    assert.deepEqual(terms, [...new Set(terms)].sort());
  });
});
