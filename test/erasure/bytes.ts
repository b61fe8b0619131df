/** Searches the bytes of all files of a folder for texts, in the forms in which programs store texts. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where a text was found. */
export interface Found {
  readonly file: string;
  readonly text: string;
  readonly form: string;
}

/**
 * The texts in any file below the folder, in any form or only in the given forms. Another process copies the files:
 * a process that has a database open releases SQLite's locks when it closes the file.
 */
export async function findInFolder(
  folder: string,
  texts: readonly string[],
  forms: readonly string[] | null = null,
): Promise<readonly Found[]> {
  const copies = await mkdtemp(join(tmpdir(), 'roster-bytes-'));
  try {
    await run('cp', ['-r', `${folder}/.`, copies]);
    return await findInCopies(copies, texts, forms);
  } finally {
    await rm(copies, { recursive: true });
  }
}

async function findInCopies(
  folder: string,
  texts: readonly string[],
  forms: readonly string[] | null,
): Promise<readonly Found[]> {
  const sought = texts.flatMap((text) =>
    formsOf(text)
      .filter(([form]) => forms === null || forms.includes(form))
      .map(([form, bytes]) => ({ text, form, bytes })),
  );
  const found: Found[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    const file = join(folder, name);
    if (!(await stat(file)).isFile()) continue;
    const content = await readFile(file);
    for (const { text, form, bytes } of sought) {
      if (content.includes(bytes)) found.push({ file: name, text, form });
    }
  }
  return found;
}

function formsOf(text: string): readonly (readonly [string, Buffer])[] {
  const forms = new Map<string, Buffer>([
    ['utf-8', Buffer.from(text)],
    ['lower case', Buffer.from(text.toLowerCase())],
    ['utf-16', Buffer.from(text, 'utf16le')],
    ['json', Buffer.from(JSON.stringify(text).slice(1, -1))],
    ['escaped json', Buffer.from(escapeAll(text))],
    ['url', Buffer.from(encodeURIComponent(text))],
    ['hex', Buffer.from(Buffer.from(text).toString('hex'))],
    // The base64 of a text within another one depends on its position: leave out the characters that depend on
    // its neighbours.
    ...[0, 1, 2].map((shift) => {
      const coded = Buffer.from('x'.repeat(shift) + text).toString('base64url');
      const from = shift === 0 ? 0 : shift + 1;
      const whole = Math.floor(((shift + Buffer.byteLength(text)) * 8) / 6);
      return [`base64 at ${shift}`, Buffer.from(coded.slice(from, whole))] as const;
    }),
  ]);
  return [...forms];
}

function escapeAll(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
