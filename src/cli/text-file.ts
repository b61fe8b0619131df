/** Reads a text file that a person names in a command. */
import { readFile } from 'node:fs/promises';
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
