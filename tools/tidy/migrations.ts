/**
 * A migration that has run on a database must never change: a new database would then differ from the old ones.
 * `tools/tidy/migrations.json` holds the digest of each migration; this check compares it with the file.
 *
 *     node tools/tidy/migrations.ts    adds the digests of new migrations; never replaces a digest
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Digests by file name. */
type Digests = Readonly<Record<string, string>>;

export interface Migrations {
  /** When the migrations landed. */
  readonly landed: Digests;
  /** Of the present files. */
  readonly present: Digests;
}

const folder = 'src/store/migrations';
const list = 'tools/tidy/migrations.json';

export function readMigrations(root: string): Migrations {
  const names = readdirSync(join(root, folder)).filter((name) => /^\d{4}-.*\.ts$/.test(name));
  const digests = names.sort().map((name) => {
    const text = readFileSync(join(root, folder, name), 'utf8');
    return [name, createHash('sha256').update(text).digest('hex')] as const;
  });
  const isListed = existsSync(join(root, list));
  const landed: Digests = isListed ? JSON.parse(readFileSync(join(root, list), 'utf8')) : {};
  return { landed, present: Object.fromEntries(digests) };
}

/** The faults, a sentence each; empty if every migration is listed and unchanged. */
export function checkMigrations({ landed, present }: Migrations): string[] {
  const changed = Object.entries(landed)
    .filter(([name, digest]) => present[name] !== digest)
    .map(
      ([name]) =>
        `${folder}/${name}:1 differs from its digest in ${list}. A released migration must never change: add a new migration. ` +
        'For a migration that is not released yet, remove its line and list it again',
    );
  const unlisted = Object.keys(present)
    .filter((name) => !(name in landed))
    .map((name) => `${folder}/${name}:1 is not listed: run \`node tools/tidy/migrations.ts\``);
  return [...changed, ...unlisted];
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..', '..');
  const { landed, present } = readMigrations(root);
  writeFileSync(join(root, list), `${JSON.stringify({ ...present, ...landed }, null, 2)}\n`);
}
