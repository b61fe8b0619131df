/**
 * What can be kept of a ledger that is not as Roster wrote it, and the ledger that takes its place. Each line is verified alone:
 * its code is over the code that the line before states. So one changed byte costs the line that has it, and not those behind it.
 */

import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { LedgerError, type LedgerHead, type LedgerLine } from '../../core/erasure/ledger.ts';
import type { SecretBox } from '../../core/secret.ts';
import { sameDigest } from '../../core/secret.ts';
import { AppendLock } from './append-lock.ts';
import { codeOf, endingOf, LedgerChain } from './ledger-chain.ts';
import { ledgerFile } from './ledger-file.ts';
import { readId, syncFolder } from './ledger-header.ts';
import { linesIn } from './ledger-lines.ts';

export interface FoundLine {
  readonly line: LedgerLine;
  /** Whether Roster wrote it, by a known secret. */
  readonly isAuthentic: boolean;
}

/** A ledger as it lies in the folder. */
export interface FoundLedger {
  /** The lines that can be read. */
  readonly lines: readonly FoundLine[];
  /** How many others there are. */
  readonly unreadable: number;
  /** The secrets that lines name and the settings do not have. */
  readonly unknownKeys: readonly string[];
}

/** Reads the ledger of the folder; without one there are no lines. `knownIds` are ledgers that the database knows. */
export function findLines(dataDir: string, secrets: SecretBox, knownIds: readonly string[]): FoundLedger {
  const path = join(dataDir, ledgerFile);
  if (!existsSync(path)) return { lines: [], unreadable: 0, unknownKeys: [] };
  const texts = readFileSync(path, 'utf8')
    .split('\n')
    .map((text) => text.replace(/\r$/, ''))
    .filter((text) => text !== '');
  const ids = [...new Set([...idIn(path), ...knownIds])];
  const lines: FoundLine[] = [];
  const unknownKeys = new Set<string>();
  let unreadable = 0;
  for (const [at, text] of texts.entries()) {
    if (/^\{"(ledger|kind":"checkpoint)"/.test(text)) continue;
    const line = parseOne(text, path);
    const sealed = endingOf(Buffer.from(text));
    if (sealed !== null && !secrets.isKnown(sealed.key)) unknownKeys.add(sealed.key);
    if (line === null) unreadable += 1;
    else
      lines.push({
        line,
        isAuthentic: ids.some((id) =>
          isAuthentic(secrets, id, { text, before: texts[at - 1], isSecond: at === 1 }),
        ),
      });
  }
  return { lines, unreadable, unknownKeys: [...unknownKeys] };
}

/** The name in its first line, if that can be read. */
function idIn(path: string): readonly string[] {
  try {
    return [readId(path) ?? ''];
  } catch (error) {
    if (error instanceof LedgerError) return [];
    throw error;
  }
}

function parseOne(text: string, path: string): LedgerLine | null {
  try {
    return linesIn(text, path)[0] ?? null;
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

function isAuthentic(
  secrets: SecretBox,
  id: string,
  {
    text,
    before,
    isSecond,
  }: { readonly text: string; readonly before: string | undefined; readonly isSecond: boolean },
): boolean {
  const sealed = endingOf(Buffer.from(text));
  if (sealed === null || before === undefined) return false;
  const stated = isSecond ? before : endingOf(Buffer.from(before))?.code;
  if (stated === undefined) return false;
  const { key, covered, code } = sealed;
  const known = codeOf(secrets, id, { key, before: stated, covered });
  return known !== null && sameDigest(known, code);
}

export interface MadeLedger {
  readonly id: string;
  /** The position behind its first line. */
  readonly head: LedgerHead;
  /** The name of the former file beside it; null where there was none. */
  readonly former: string | null;
}

/**
 * Puts a new ledger with these lines in place of the folder's, which stays under another name. A kill at any moment leaves the
 * former ledger or the new one. `suffix` makes the other name.
 */
export async function replaceLedger(
  dataDir: string,
  {
    secrets,
    lines,
    suffix,
  }: { readonly secrets: SecretBox; readonly lines: readonly LedgerLine[]; readonly suffix: string },
): Promise<MadeLedger> {
  const path = join(dataDir, ledgerFile);
  const id = randomUUID();
  const chain = new LedgerChain(path, id, { secrets, expected: null });
  const first = chain.seal([JSON.stringify({ ledger: id })]);
  chain.advance(first);
  const head = chain.head;
  const draft = `${path}.${id}`;
  const lock = new AppendLock(dataDir);
  try {
    return await lock.hold(async () => {
      const file = openSync(draft, 'wx', 0o600);
      try {
        writeSync(file, first);
        if (lines.length > 0) writeSync(file, chain.seal(lines.map((line) => JSON.stringify(line))));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      const former = existsSync(path) ? `${ledgerFile}.${suffix}` : null;
      if (former !== null) linkSync(path, join(dataDir, former));
      renameSync(draft, path);
      syncFolder(dataDir);
      return { id, head, former };
    });
  } finally {
    await lock.close();
  }
}
