/** Reads a file that a person names in a command. */
import { open, readFile } from 'node:fs/promises';
import { CommandError } from './command.ts';
import { reasonOf } from './transfer/private-file.ts';

/**
 * The whole text of the file.
 *
 * @throws {CommandError} if the file cannot be read.
 */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${reasonOf(error)}`);
  }
}

/**
 * The bytes of the file; of a longer file one byte more than `max`, so that the caller sees that it is too long.
 *
 * @throws {CommandError} if the file cannot be read.
 */
export async function readBinaryFile(path: string, max: number): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const buffer = Buffer.alloc(max + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${reasonOf(error)}`);
  }
}
