/** A copy of the checkout, in which a mutant can stand while its tests run. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const left = new Set(['node_modules', 'dist', '.git', 'data', 'coverage']);

export class TreeCopy {
  readonly folder: string;

  /** Copies the files of `root` to `folder`, which does not exist. Packages and built pages are links. */
  constructor(root: string, folder: string) {
    this.folder = folder;
    cpSync(root, folder, { recursive: true, filter: (source) => !left.has(basename(source)) });
    for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(folder, name));
  }

  /** Writes the text in place of the file while `work` runs. */
  async with<T>(path: string, text: string, work: () => Promise<T>): Promise<T> {
    const file = join(this.folder, path);
    const own = readFileSync(file);
    writeFileSync(file, text);
    try {
      return await work();
    } finally {
      writeFileSync(file, own);
    }
  }
}
