/**
 * What an import reads: a file, or what comes in on standard input. A file is known by its digest, so that the same
 * one is known again; of a stream nothing is known before its end.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CommandError } from '../command.ts';
import { reasonOf } from './private-file.ts';
import { type Format, formatOf } from './row-cutter.ts';

export interface ImportSource {
  readonly bytes: AsyncIterable<Buffer>;
  /** Null where it is not known before the end. */
  readonly size: number | null;
  /** SHA-256 of the whole in hex; null likewise. */
  readonly digest: string | null;
  /** What the name of the file says of its format. */
  readonly format: Format | null;
}

const chunkBytes = 256 * 1024;

/** Opens the file; `-` is standard input. Throws a `CommandError` where it cannot be read. */
export async function openSource(name: string): Promise<ImportSource> {
  if (name === '-') return { bytes: process.stdin, size: null, digest: null, format: null };
  const format = formatOf(name);
  try {
    const there = await stat(name);
    if (there.isDirectory()) throw new Error('it is a folder');
    if (!there.isFile()) return { bytes: readFile(name), size: null, digest: null, format };
    const hash = createHash('sha256');
    for await (const chunk of readFile(name)) hash.update(chunk);
    return { bytes: readFile(name), size: there.size, digest: hash.digest('hex'), format };
  } catch (error) {
    throw new CommandError(`${name} cannot be read: ${reasonOf(error)}`);
  }
}

function readFile(name: string): AsyncIterable<Buffer> {
  return createReadStream(name, { highWaterMark: chunkBytes });
}
