/**
 * The SQLite file as pages, read and overwritten past SQLite. Only `wipe.ts` writes, and only while SQLite cannot.
 * A process opens a descriptor of each file once and never closes it: closing any descriptor of a file releases all POSIX
 * locks that the process holds on it, those of SQLite's connections in all of its threads included.
 */
import { fdatasyncSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import type { ByteRange } from './unallocated.ts';

/** Of this process, by device and inode. A file that replaces another is a file of its own. */
const descriptors = new Map<string, number>();

/** The descriptor of the file for this process and all of its threads. The file must exist. */
export function descriptorOf(file: string): number {
  const { dev, ino } = statSync(file, { bigint: true });
  const key = `${dev} ${ino}`;
  const descriptor = descriptors.get(key) ?? openSync(file, 'r+');
  descriptors.set(key, descriptor);
  return descriptor;
}

export class PageFile {
  readonly pageBytes: number;
  /** The bytes of a page that SQLite itself uses. */
  readonly usableBytes: number;
  readonly #descriptor: number;
  readonly #zeros: Buffer;

  /** The file must already be a SQLite database. */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    const header = this.#readAt(0, 100);
    const size = header.readUInt16BE(16);
    this.pageBytes = size === 1 ? 65_536 : size;
    this.usableBytes = this.pageBytes - header.readUInt8(20);
    this.#zeros = Buffer.alloc(this.pageBytes);
  }

  /** A page by its number, from 1. */
  read(page: number): Buffer {
    return this.#readAt((page - 1) * this.pageBytes, this.pageBytes);
  }

  /** Reads consecutive pages into the buffer; returns the filled part. */
  readInto(buffer: Buffer, first: number): Buffer {
    const bytesRead = readSync(this.#descriptor, buffer, 0, buffer.length, (first - 1) * this.pageBytes);
    return buffer.subarray(0, bytesRead - (bytesRead % this.pageBytes));
  }

  /** Overwrites a range of a page with zeros. */
  zero(page: number, { start, end }: ByteRange): void {
    const at = (page - 1) * this.pageBytes + start;
    const written = writeSync(this.#descriptor, this.#zeros, 0, end - start, at);
    if (written !== end - start) throw new Error(`wrote ${written} of ${end - start} bytes of page ${page}`);
  }

  /** Resolves when what was overwritten is on the disk. */
  sync(): void {
    fdatasyncSync(this.#descriptor);
  }

  #readAt(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#descriptor, bytes, 0, length, position));
  }
}
