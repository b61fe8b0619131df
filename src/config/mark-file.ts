/** Reads the file with the mark of a provider, once at the start. */
import { readFileSync, statSync } from 'node:fs';
import { markBytesMax, type ReadMark, readMark } from '../core/providers/provider-mark.ts';

/** The mark, or what is wrong with the file, as the end of a sentence. */
export function readMarkFile(path: string): ReadMark {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return { problem: 'is not a file' };
    // A file that is far too large is not read.
    if (stats.size > markBytesMax) return { problem: `is larger than ${markBytesMax} bytes` };
    return readMark(readFileSync(path));
  } catch {
    return { problem: 'cannot be read' };
  }
}
