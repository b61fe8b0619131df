/**
 * What an import reads: a file, or what comes in on standard input. A file is known by its digest, so that the same
 * one is known again; of a stream nothing is known before its end.
 */
import { createHash } from 'node:crypto';
import { createReadStream, fstatSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { isatty, ReadStream } from 'node:tty';
import { CommandError } from '../command.ts';
import { reasonOf } from './private-file.ts';
import { type Format, formatOf } from './row-cutter.ts';

export interface ImportSource {
  /** A path, or `-` for standard input. */
  readonly name: string;
  /** In bytes; null where it is not known before the end. */
  readonly size: number | null;
  /** SHA-256 of the whole in hex; null likewise. */
  readonly digest: string | null;
  /** What the name of the file says of its format. */
  readonly format: Format | null;
}

const chunkBytes = 256 * 1024;

/** Looks at the file; `-` is standard input. Throws a `CommandError` where it cannot be read. */
export async function findSource(name: string): Promise<ImportSource> {
  if (name === '-') return { name, size: null, digest: null, format: null };
  const format = formatOf(name);
  try {
    const there = await stat(name);
    if (there.isDirectory()) throw new Error('it is a folder');
    if (!there.isFile()) return { name, size: null, digest: null, format };
    const hash = createHash('sha256');
    for await (const chunk of openInput(name)) hash.update(chunk);
    return { name, size: there.size, digest: hash.digest('hex'), format };
  } catch (error) {
    throw new CommandError(`${name} cannot be read: ${reasonOf(error)}`);
  }
}

/**
 * The bytes of a source, also in a thread, where `process.stdin` would be what the first thread hands on. Who stops
 * reading a pipe or a terminal need not wait for what may never come, as with a read that the system has begun.
 */
export function openInput(name: string): AsyncIterable<Buffer> {
  const fd = name === '-' ? 0 : openSync(name, 'r');
  const input = fstatSync(fd);
  if (input.isFIFO() || input.isSocket()) return new Socket({ fd, readable: true, writable: false });
  if (isatty(fd)) return new ReadStream(fd);
  return createReadStream('', { fd, highWaterMark: chunkBytes, autoClose: fd !== 0 });
}
