/**
 * The folder of an export of one person: written file by file, readable by its owner only, and never over anything that is
 * there; and compared with its manifest.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCodeOf } from '../../core/error-code.ts';
import type { FilePiece } from '../../core/person-export/export-person.ts';
import { type ExportClaims, manifestFile } from '../../core/person-export/manifest.ts';
import { CommandError } from '../command.ts';
import { PrivateFile, reasonOf } from './private-file.ts';

/** Creates the folder. An empty folder is taken as it is. Throws a `CommandError` where the path has anything else. */
export async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') {
      throw new CommandError(`${path} cannot be created: ${reasonOf(error)}`);
    }
    const names = await readdir(path).catch(() => ['it is not a folder']);
    if (names.length > 0) throw new CommandError(`${path} exists: name a folder that does not exist yet`);
  }
}

/** Writes the files into the folder; returns their names. If it fails, the folder and what is in it are removed. */
export async function writeFiles(
  folder: string,
  pieces: AsyncIterable<FilePiece>,
): Promise<readonly string[]> {
  const names: string[] = [];
  let file: PrivateFile | null = null;
  try {
    for await (const piece of pieces) {
      if (names.at(-1) !== piece.file) {
        await file?.keep();
        names.push(piece.file);
        file = await PrivateFile.create(join(folder, piece.file), { replaces: false });
      }
      await file?.write(piece.text);
    }
    await file?.keep();
    return names;
  } catch (error) {
    await file?.drop().catch(() => {});
    for (const name of names) await rm(join(folder, name), { force: true });
    await rmdir(folder).catch(() => {});
    throw error;
  }
}

/** What is wrong with a file beside a manifest. */
export interface FileFault {
  readonly file: string;
  readonly fault: 'missing' | 'changed' | 'not_in_manifest';
}

/** Compares the files beside the manifest with what it says of them. */
export async function compareFiles(
  manifestPath: string,
  { files }: Pick<ExportClaims, 'files'>,
): Promise<readonly FileFault[]> {
  const folder = dirname(manifestPath);
  const faults: FileFault[] = [];
  for (const { name, bytes, sha256 } of files) {
    const found = await measure(join(folder, name));
    if (found === null) faults.push({ file: name, fault: 'missing' });
    else if (found.bytes !== bytes || found.sha256 !== sha256) faults.push({ file: name, fault: 'changed' });
  }
  const listed = new Set([manifestFile, ...files.map(({ name }) => name)]);
  const others = (await readdir(folder)).filter((name) => /\.(csv|json)$/i.test(name) && !listed.has(name));
  return [...faults, ...others.map((file) => ({ file, fault: 'not_in_manifest' }) as const)];
}

async function measure(path: string): Promise<{ bytes: number; sha256: string } | null> {
  const digest = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      digest.update(chunk);
      bytes += chunk.length;
    }
  } catch {
    return null;
  }
  return { bytes, sha256: digest.digest('hex') };
}
