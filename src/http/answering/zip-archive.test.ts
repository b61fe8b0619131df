import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesInZip } from '../../../test/support/machine/zip-files.ts';
import { type ZipText, zipOf } from './zip-archive.ts';

async function archiveOf(texts: readonly ZipText[]): Promise<Buffer> {
  const source = async function* (): AsyncGenerator<ZipText> {
    yield* texts;
  };
  return Buffer.concat(await Array.fromAsync(zipOf(source(), Date.UTC(2026, 4, 17, 12, 30, 8))));
}

const long = 'Grüße, 世界 '.repeat(60_000);
const texts = [
  { file: 'a.csv', text: 'one\n' },
  { file: 'a.csv', text: 'two\n' },
  { file: 'empty.json', text: '' },
  { file: 'long.csv', text: long },
  { file: 'long.csv', text: long },
  { file: 'z.json', text: '{}' },
];

test('an archive has every file as it was read, also long and empty ones', async () => {
  const files = filesInZip(await archiveOf(texts));
  assert.deepEqual([...files.keys()], ['a.csv', 'empty.json', 'long.csv', 'z.json']);
  assert.equal(files.get('a.csv'), 'one\ntwo\n');
  assert.equal(files.get('empty.json'), '');
  assert.equal(files.get('long.csv'), long + long);
  assert.equal(filesInZip(await archiveOf([])).size, 0);
});

const tools: readonly (readonly string[])[] = [
  ['unzip', '-t'],
  ['python3', '-m', 'zipfile', '-t'],
];
for (const [program = '', ...words] of tools) {
  const isThere = spawnSync(program, ['--help']).error === undefined;
  test(`\`${program}\` finds no fault in an archive`, { skip: !isThere }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'roster-zip-'));
    try {
      const path = join(folder, 'a.zip');
      writeFileSync(path, await archiveOf(texts));
      const { status, stdout, stderr } = spawnSync(program, [...words, path]);
      assert.equal(status, 0, `${stdout}${stderr}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
