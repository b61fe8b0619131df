/**
 * The public keys of receipts in the data folder, as a JSON Web Key Set (RFC 7517), which is public. Keys are added
 * and never removed, so the file has them all even beside an older database.
 */
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Jwks, parseJwks } from '../../core/erasure/receipt.ts';
import type { PublicKeyFile } from '../../core/erasure/receipt-key-store.ts';
import { errorCodeOf } from '../../core/error-code.ts';

export const publicKeyFile = 'receipt-keys.json';

export function openPublicKeys(dataDir: string): PublicKeyFile {
  const path = join(dataDir, publicKeyFile);
  return {
    read: () => readKeys(path),
    async add(keys) {
      const present = (await readKeys(path)).keys;
      const known = new Set(present.map(({ kid }) => kid));
      const added = keys.filter(({ kid }) => !known.has(kid));
      if (added.length > 0) await writeKeys(path, { keys: [...present, ...added] });
    },
  };
}

async function readKeys(path: string): Promise<Jwks> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return { keys: [] };
    throw error;
  }
  const jwks = parseJwks(text);
  if (jwks === null) throw new Error(`${path} is no JSON Web Key Set`);
  return jwks;
}

/** Writes under another name first, so that no reader finds half of it. */
async function writeKeys(path: string, jwks: Jwks): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    await file.writeFile(`${JSON.stringify(jwks, null, 2)}\n`);
    await file.sync();
    await file.close();
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
}
