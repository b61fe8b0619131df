/**
 * A copy of the source with further contracts in it, each as a contributor adds one: a folder in `src/contracts`, a line
 * in the list, and a door for the tests. Nothing else of the copy is changed.
 */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const badgeFolder = join(import.meta.dirname, 'badge');

/** A contract that is made of the badge contract: its name, and what its text says otherwise. */
export interface Variant {
  readonly name: string;
  readonly changes: readonly (readonly [text: string, changed: string])[];
}

/** Makes the copy in a fresh folder, and names it. */
export async function copyWith(variants: readonly Variant[]): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'roster-fifth-'));
  for (const part of ['bin', 'src', 'test'])
    await cp(join(root, part), join(copy, part), { recursive: true });
  await cp(join(root, 'package.json'), join(copy, 'package.json'));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const variant of variants) {
    await addFolder(copy, variant);
    await addLine(join(copy, 'src', 'contracts', 'index.ts'), variant);
  }
  return copy;
}

async function addFolder(copy: string, { name, changes }: Variant): Promise<void> {
  const folders = { src: join(copy, 'src', 'contracts', name), test: join(copy, 'test', 'contracts', name) };
  await mkdir(folders.src);
  await mkdir(folders.test);
  const files = await readdir(badgeFolder);
  const texts = await Promise.all(files.map((file) => readFile(join(badgeFolder, file), 'utf8')));
  for (const [text] of changes)
    assert.ok(
      texts.some((each) => each.includes(text)),
      text,
    );
  for (const [index, file] of files.entries()) {
    const changed = changes.reduce((text, [from, to]) => text.replaceAll(from, to), texts[index] ?? '');
    // In its place a file of the source is one folder higher than here.
    if (file === 'door.ts') await writeFile(join(folders.test, file), changed);
    else await writeFile(join(folders.src, file), changed.replaceAll("'../../../src/", "'../../"));
  }
}

/** The line in the list, and the import that it needs. */
async function addLine(file: string, { name }: Variant): Promise<void> {
  const text = await readFile(file, 'utf8');
  const changed = text
    .replace(/^(import .*organization.*)$/m, `$1\nimport { ${name}Contract } from './${name}/contract.ts';`)
    .replace(/^\];$/m, `  ${name}Contract,\n];`);
  assert.equal(changed.split('\n').length, text.split('\n').length + 2);
  await writeFile(file, changed);
}
