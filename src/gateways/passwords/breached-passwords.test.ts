import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { openBreachedPasswords } from './breached-passwords.ts';
import { buildBreachedFile } from './build-breached-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'roster-breached-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const sha1 = (password: string): string => hash('sha1', password, 'hex').toUpperCase();
const words = Array.from({ length: 3_000 }, (_, at) => `breached password ${at}`);
let files = 0;

/** Builds a file from the text of a list, and returns its path with the result. */
async function build(text: string, keysInMemory = 256) {
  files += 1;
  const [from, to] = [join(folder, `list-${files}`), join(folder, `built-${files}`)];
  writeFileSync(from, text);
  return { to, ...(await buildBreachedFile({ from, to, replaces: false, keysInMemory })) };
}

async function foundIn(path: string, passwords: readonly string[]): Promise<number> {
  const list = await openBreachedPasswords(path);
  let found = 0;
  for (const password of passwords) found += (await list.has(password)) ? 1 : 0;
  await list.close();
  return found;
}

describe('a file of breached passwords', () => {
  const lines = words.map((word, at) => `${sha1(word)}:${at + 1}`);
  const others = words.map((word) => `${word}!`);

  for (const [what, text] of [
    ['sorted', [...lines].sort().join('\r\n')],
    ['in any order', lines.join('\n')],
    ['with each line twice', [...lines, ...lines].join('\n')],
    ['in small letters, without counts, with blank lines', `\n${lines.join(' \n\n').toLowerCase()}`],
    ['of hashes alone', words.map(sha1).join('\n')],
  ] as const) {
    test(`has every password of a list ${what}, and no other`, async () => {
      const { to, hashes, bytes } = await build(text);
      assert.deepEqual([hashes, bytes], [words.length, 64 + 8 * words.length]);
      assert.equal(readFileSync(to).length, bytes);
      assert.deepEqual([await foundIn(to, words), await foundIn(to, others)], [words.length, 0]);
    });
  }

  test('is the same for every order and every memory', async () => {
    const [one, other] = [await build([...lines].sort().join('\n')), await build(lines.join('\n'), 7)];
    assert.deepEqual(readFileSync(one.to), readFileSync(other.to));
  });

  test('is built from a folder with a file for each range', async () => {
    const from = join(folder, 'ranges');
    mkdirSync(from);
    const ranges = new Map<string, string[]>();
    for (const word of words) {
      const range = sha1(word).slice(0, 5);
      ranges.set(range, [...(ranges.get(range) ?? []), `${sha1(word).slice(5)}:3`]);
    }
    for (const [range, rests] of ranges) writeFileSync(join(from, `${range}.txt`), rests.join('\r\n'));
    writeFileSync(join(from, 'README'), 'not a range');
    const to = join(folder, 'of-ranges');
    await buildBreachedFile({ from, to, replaces: false });
    assert.deepEqual([await foundIn(to, words), await foundIn(to, others)], [words.length, 0]);
  });

  test('may have one password or none, and keys that are not evenly spread', async () => {
    const one = await build(`${sha1('one')}:1`);
    assert.deepEqual([await foundIn(one.to, ['one']), await foundIn(one.to, words)], [1, 0]);
    assert.equal(await foundIn((await build('')).to, words), 0);
    const uneven = Array.from({ length: 20_000 }, (_, at) =>
      at.toString(16).padStart(16, '0').padEnd(40, '0'),
    );
    const { to } = await build([...uneven, sha1('one'), sha1('two')].join('\n'), 100_000);
    assert.deepEqual([await foundIn(to, ['one', 'two']), await foundIn(to, words)], [2, 0]);
  });

  test('is not built from lines that are no SHA-1 hashes, and leaves no file then', async () => {
    for (const [text, line] of [
      [`${sha1('a')}\nnonsense`, 2],
      [`${sha1('a').slice(1)}:1`, 1],
      [`${'A'.repeat(32)}:5`, 1],
      [`${sha1('a')}x`, 1],
      [`${sha1('a')}:1x`, 1],
      [`${sha1('a')}:1\r${sha1('b')}:1`, 1],
      ['x'.repeat(10_000), 1],
      ['\u{feff}', 1],
    ] as const) {
      await assert.rejects(build(text), { name: 'HashLineError', line });
    }
    assert.deepEqual(
      readdirSync(folder).filter((name) => /\.(part|runs)$/.test(name)),
      [],
    );
  });

  test('replaces a file only where that is said', async () => {
    const { to } = await build(lines.join('\n'));
    const before = readFileSync(to);
    const from = join(folder, 'other-list');
    writeFileSync(from, sha1('other'));
    await assert.rejects(buildBreachedFile({ from, to, replaces: false }), /EEXIST/);
    assert.deepEqual(readFileSync(to), before);
    await buildBreachedFile({ from, to, replaces: true });
    assert.equal(await foundIn(to, ['other']), 1);
  });

  test('is refused when it is missing, of another kind, cut or changed', async () => {
    const { to } = await build(lines.join('\n'));
    const whole = readFileSync(to);
    const refusals: readonly (readonly [RegExp, () => void])[] = [
      [/^cannot be read: no such file/, () => rmSync(to)],
      [/^cannot be read: illegal operation on a directory|^is not a file/, () => mkdirSync(to)],
      [/^is not a file that `roster passwords build` has made/, () => writeFileSync(to, lines.join('\n'))],
      [/^is not a file/, () => writeFileSync(to, '')],
      [/^was made by another version/, () => writeFileSync(to, changed(whole, 11))],
      [/^is damaged/, () => truncateSync(to, whole.length - 1)],
      [/^is damaged/, () => writeFileSync(to, changed(whole, whole.length - 1))],
      [/^is damaged/, () => writeFileSync(to, Buffer.concat([whole, whole.subarray(0, 8)]))],
    ];
    for (const [message, harm] of refusals) {
      rmSync(to, { recursive: true, force: true });
      writeFileSync(to, whole);
      if (message.source.includes('directory')) rmSync(to);
      harm();
      await assert.rejects(openBreachedPasswords(to), { name: 'BreachedFileError', message });
    }
  });
});

/** The bytes with another value at that place. */
function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) + 1;
  return copy;
}
