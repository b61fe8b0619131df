/** The first line of a ledger, which names it. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { LedgerError } from '../../core/erasure/ledger.ts';
import { errorCodeOf } from '../../core/error-code.ts';
import type { SecretBox } from '../../core/secret.ts';
import { LedgerChain } from './ledger-chain.ts';

const idForm = /^[0-9a-f-]{36}$/;

/** The name in the first line; null where there is no ledger. */
export function readId(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const head = Buffer.alloc(256);
    const text = head.toString('utf8', 0, readSync(file, head, 0, head.length, 0));
    const { ledger }: { ledger?: unknown } = JSON.parse(text.split('\n', 1)[0] ?? '');
    if (typeof ledger !== 'string' || !idForm.test(ledger)) throw new Error('no name');
    return ledger;
  } catch {
    throw new LedgerError(`${path} does not begin as a ledger of erasures`);
  } finally {
    closeSync(file);
  }
}

/** Creates an empty ledger; returns the name of the present one if another process was first. */
export function makeLedger(path: string, secrets: SecretBox): string {
  const id = randomUUID();
  const chain = new LedgerChain(path, id, { secrets, expected: null });
  const draft = `${path}.${id}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, chain.seal([JSON.stringify({ ledger: id })]));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    // Linking is atomic and refuses where the name is taken.
    linkSync(draft, path);
  } catch (error) {
    const other = readId(path);
    if (other === null) throw error;
    return other;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(path));
  return id;
}

/** Makes a new name in the folder durable. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
