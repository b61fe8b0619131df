/**
 * The source of an import: a file, or standard input. The digest of a file shows whether it is the same file as before;
 * nothing is known about a stream before its end.
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
  /** The size in bytes; null where it is not known before the end. */
  readonly size: number | null;
  /** SHA-256 in hex of all bytes; null where it is not known before the end. */
  readonly digest: string | null;
  /** The format that the name of the file says. */
  readonly format: Format | null;
}

const chunkBytes = 256 * 1024;

/** Reads size and digest of a file; `-` is standard input. Throws a `CommandError` where the file cannot be read. */
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
 * The bytes of a source. This also works in a thread, where `process.stdin` would only give the bytes that the first
 * thread passes on. A pipe or a terminal can be closed at any time; a read of a file descriptor would block until
 * input comes.
 */
export function openInput(name: string): AsyncIterable<Buffer> {
  const fd = name === '-' ? 0 : openSync(name, 'r');
  const input = fstatSync(fd);
  if (input.isFIFO() || input.isSocket()) return new Socket({ fd, readable: true, writable: false });
  if (isatty(fd)) return new ReadStream(fd);
  return createReadStream('', { fd, highWaterMark: chunkBytes, autoClose: fd !== 0 });
}
