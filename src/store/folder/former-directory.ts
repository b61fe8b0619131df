/**
 * What a data folder still has of a directory whose database is gone: erasures in its ledger, open grants, and the
 * public keys of its receipts. A start that took such a folder for a new one would begin an empty directory, with new
 * credentials, in place of one that can still be restored.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ledgerFile } from './ledger-file.ts';
import { openGrantsFolder } from './open-grants.ts';
import { publicKeyFile } from './public-key-file.ts';

const pieceBytes = 1024 * 1024;
const acceptance = /"kind":"accepted","erasure":\{[^\n]*?"id":"(era_\w+)"/g;

/** Whether the folder has records of a directory. Reads one piece of the ledger at most. */
export function hasFormerDirectory(dataDir: string): boolean {
  if (existsSync(join(dataDir, publicKeyFile)) || hasGrants(dataDir)) return true;
  for (const text of ledgerPieces(dataDir)) return text.includes('"kind":"accepted"');
  return false;
}

/** How many erasures its ledger has, as it stands there. Reads the whole ledger. */
export function countErasures(dataDir: string): number {
  const ids = new Set<string>();
  let rest = '';
  for (const text of ledgerPieces(dataDir)) {
    const whole = rest + text;
    for (const [, id = ''] of whole.matchAll(acceptance)) ids.add(id);
    rest = whole.slice(whole.lastIndexOf('\n') + 1);
  }
  return ids.size;
}

function hasGrants(dataDir: string): boolean {
  const folder = join(dataDir, openGrantsFolder);
  return existsSync(folder) && readdirSync(folder).length > 0;
}

function* ledgerPieces(dataDir: string): Generator<string> {
  const path = join(dataDir, ledgerFile);
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(pieceBytes);
    for (let bytes = readSync(file, buffer); bytes > 0; bytes = readSync(file, buffer)) {
      yield buffer.toString('latin1', 0, bytes);
    }
  } finally {
    closeSync(file);
  }
}
