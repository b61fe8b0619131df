/**
 * The form of a file of breached passwords: a header, and the first eight bytes of the SHA-1 of each password, sorted, each
 * once. Eight bytes tell a billion passwords apart: the chance that a good password is taken for one of them is 1 to
 * twenty billion. SHA-1 is the form in which such lists are published; it protects nothing here.
 */
import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

export const keyBytes = 8;
export const headerBytes = 64;

const magic = 'RosterBP';
const version = 1;
/** Evenly spread keys, whose digest is in the header: a file that was cut, mixed up or swapped is found at the start. */
const sampledKeys = 1_024;

/** Why a file is not used, as the end of a sentence. */
export class BreachedFileError extends Error {
  override readonly name = 'BreachedFileError';
}

/** The first eight bytes of the SHA-1 of a password, as a number that sorts like the bytes. */
export function keyOfPassword(password: string): bigint {
  return hash('sha1', password, 'buffer').readBigUInt64BE();
}

/** The header of a file with that many keys, whose keys are already written behind the place of the header. */
export async function makeHeader(file: FileHandle, count: number): Promise<Buffer> {
  const header = Buffer.alloc(headerBytes);
  header.write(magic, 0, 'latin1');
  header.writeUInt32BE(version, 8);
  header.writeUInt32BE(keyBytes, 12);
  header.writeBigUInt64BE(BigInt(count), 16);
  header.set(await digestSample(file, count), 24);
  return header;
}

/** The number of keys in the file. Throws a `BreachedFileError` where the file is not as it was built. */
export async function checkFile(file: FileHandle): Promise<number> {
  const header = Buffer.alloc(headerBytes);
  const { bytesRead } = await file.read(header, 0, headerBytes, 0);
  if (bytesRead < headerBytes || header.toString('latin1', 0, 8) !== magic) {
    throw new BreachedFileError('is not a file that `roster passwords build` has made');
  }
  if (header.readUInt32BE(8) !== version || header.readUInt32BE(12) !== keyBytes) {
    throw new BreachedFileError('was made by another version of Roster: build it again');
  }
  const count = Number(header.readBigUInt64BE(16));
  const { size } = await file.stat();
  const sample = size === headerBytes + count * keyBytes ? await digestSample(file, count) : null;
  if (sample === null || !sample.equals(header.subarray(24, 24 + sample.length))) {
    throw new BreachedFileError('is damaged: build it again');
  }
  return count;
}

/** Fills the buffer from that position of the file. */
export async function readAll(file: FileHandle, buffer: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < buffer.length; ) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) throw new BreachedFileError('is shorter than it was');
    done += bytesRead;
  }
}

/** Writes the whole buffer at that position of the file. */
export async function writeAll(file: FileHandle, buffer: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < buffer.length; ) {
    done += (await file.write(buffer, done, buffer.length - done, position + done)).bytesWritten;
  }
}

async function digestSample(file: FileHandle, count: number): Promise<Buffer> {
  const keys = Buffer.alloc(Math.min(count, sampledKeys) * keyBytes);
  for (let at = 0; at * keyBytes < keys.length; at += 1) {
    const index = Math.floor((at * (count - 1)) / Math.max(1, sampledKeys - 1));
    await readAll(file, keys.subarray(at * keyBytes, (at + 1) * keyBytes), headerBytes + index * keyBytes);
  }
  return hash('sha256', Buffer.concat([keys, Buffer.from(String(count))]), 'buffer');
}
