/**
 * The ledger as a file: every acknowledged line is read again, also of another process and also if something was cut
 * short beside it.
 */
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { LedgerHead, LedgerLine } from '../../src/core/erasure/ledger.ts';
import { isRefusal } from '../../src/core/errors.ts';
import { createSecretBox } from '../../src/core/secret.ts';
import { LedgerChain } from '../../src/store/folder/ledger-chain.ts';
import { type LedgerFile, ledgerFile, openLedger } from '../../src/store/folder/ledger-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roster-ledger-'));
  path = join(folder, ledgerFile);
});
afterEach(async () => {
  for (const ledger of opened) await ledger.close();
  opened = [];
  await rm(folder, { recursive: true });
});

function accepted(number: number): LedgerLine {
  const id = `era_${String(number).padStart(32, '0')}`;
  const erasure = { orgKey: 1, id, userId: 'f'.repeat(32), requestedAt: number };
  return { kind: 'accepted', erasure: { ...erasure, requestedBy: 'operator', door: 'test' } };
}

function completed(number: number, receipt: string): LedgerLine {
  const id = `era_${String(number).padStart(32, '0')}`;
  return { kind: 'completed', erasure: { orgKey: 1, id, completedAt: number, receipt } };
}

const secrets = createSecretBox('a-secret-of-the-ledger-under-test');

let opened: LedgerFile[] = [];

function open(onFault?: (error: unknown) => void): LedgerFile {
  const ledger = openLedger(folder, secrets, onFault);
  opened.push(ledger);
  return ledger;
}

/** Adds a line as another program with the secret would. */
async function addSealed(line: object): Promise<void> {
  const bytes = await readFile(path);
  const { ledger } = JSON.parse(bytes.toString().split('\n', 1)[0] ?? '');
  const chain = new LedgerChain(path, ledger, { secrets, expected: null });
  chain.advance(bytes);
  await appendFile(path, chain.seal([JSON.stringify(line)]));
}

async function readAll(ledger: LedgerFile, known: LedgerHead | null = null): Promise<LedgerLine[]> {
  return (await Array.fromAsync(ledger.read(known))).flat();
}

describe('the ledger of erasures', () => {
  test('returns all lines in order, also after it was closed, and is readable by its owner alone', async () => {
    const first = open();
    const lines = Array.from({ length: 50 }, (_, at) => accepted(at));
    for (const line of lines) await first.append([line]);
    await first.append([]);
    await first.close();
    const again = open();
    assert.equal(again.id, first.id);
    assert.deepEqual(await readAll(again), lines);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(again.unknownHead()?.bytes, (await stat(path)).size);
  });

  test('has every line of several processes that append at the same time, once', async () => {
    const ledgers = [open(), open(), open()];
    const lines = Array.from({ length: 600 }, (_, at) => accepted(at));
    await Promise.all(lines.map((line, at) => ledgers[at % 3]?.append([line])));
    const read = await readAll(open());
    const ids = read.map((line) => ('erasure' in line ? line.erasure.id : ''));
    assert.deepEqual(
      ids.toSorted(),
      lines.map((line) => ('erasure' in line ? line.erasure.id : '')),
    );
    for (const ledger of ledgers) await ledger.close();
  });

  test('passes over lines that were cut short anywhere, and loses no other line', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 8 }),
      async (cuts) => {
        await rm(path, { force: true });
        const kept: LedgerLine[] = [];
        for (const [at, cut] of cuts.entries()) {
          const ledger = open();
          kept.push(accepted(at));
          await ledger.append([accepted(at)]);
          await ledger.close();
          // Another process has begun a line and died.
          const torn = JSON.stringify(accepted(1_000 + at));
          await appendFile(path, torn.slice(0, Math.min(cut, torn.length - 1)));
        }
        const ledger = open();
        kept.push(accepted(99));
        await ledger.append([accepted(99)]);
        assert.deepEqual(await readAll(ledger), kept);
        await ledger.close();
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  test('can be read from any position that it has given, in pieces, with long lines whole', async () => {
    const ledger = open();
    const lines: LedgerLine[] = [];
    const heads: (LedgerHead | null)[] = [];
    for (let at = 0; at < 40; at += 1) {
      const added = [accepted(at), completed(at, 'r'.repeat(at === 7 ? 3_000_000 : 60_000))];
      await ledger.append(added);
      lines.push(...added);
      heads.push(ledger.unknownHead());
    }
    const pieces = await Array.fromAsync(ledger.read(null));
    assert.ok(pieces.length > 2);
    assert.deepEqual(pieces.flat(), lines);
    for (const [at, head] of heads.entries()) {
      if (at % 5 !== 2) continue;
      assert.deepEqual(await readAll(open(), head), lines.slice(2 * at + 2));
    }
    await ledger.close();
  });

  test('remembers accepted erasures that it has written or read, until they are complete', async () => {
    const ledger = open();
    await ledger.append([accepted(1), accepted(2)]);
    const id = `era_${'1'.padStart(32, '0')}`;
    assert.ok(ledger.hasAccepted(id));
    const other = open();
    assert.ok(!other.hasAccepted(id));
    await readAll(other);
    assert.ok(other.hasAccepted(id));
    await other.append([completed(1, 'receipt')]);
    assert.ok(!other.hasAccepted(id));
    await ledger.close();
    await other.close();
  });

  test('that cannot be written refuses, reports the error to the log, and works again when it can', async () => {
    const faults: unknown[] = [];
    const ledger = open((error) => faults.push(error));
    const moved = `${folder}-moved`;
    await rename(folder, moved);
    await assert.rejects(ledger.append([accepted(1)]), (error) => isRefusal(error, 'unavailable'));
    assert.equal(faults.length, 1);
    assert.ok(!ledger.hasAccepted(`era_${'1'.padStart(32, '0')}`));
    await rename(moved, folder);
    await ledger.append([accepted(2)]);
    assert.deepEqual(await readAll(ledger), [accepted(2)]);
    await ledger.close();
  });

  test('with a line that lacks fields of its kind is damaged, says so in one clear line, and loses no erasure', async () => {
    const erasure = {
      orgKey: 1,
      id: 'era_1',
      userId: 'f',
      requestedAt: 1,
      requestedBy: 'operator',
      door: 'test',
    };
    const ended = {
      ...{ orgKey: 1, erasureId: 'era_1', id: 'rev_1', connectionId: 'con_1' },
      provider: 'demo',
    };
    for (const line of [
      { kind: 'accepted' },
      { kind: 'accepted', erasure: null },
      { kind: 'accepted', erasure: { ...erasure, orgKey: '1' } },
      { kind: 'accepted', erasure: { ...erasure, userId: undefined } },
      { kind: 'accepted', erasure: { ...erasure, grants: [{ id: 'rev_1' }] } },
      { kind: 'ended', grant: { ...ended, state: 'pending', outcome: null, endedAt: 1 } },
      { kind: 'completed', erasure: { orgKey: 1, id: 'era_1', completedAt: 1, receipt: null } },
    ]) {
      await rm(path, { force: true });
      const ledger = open();
      await ledger.append([accepted(1)]);
      await addSealed(line);
      await assert.rejects(
        readAll(ledger),
        /erasures\.ledger is damaged: a line of it is of no ledger of erasures$/,
      );
      await ledger.close();
    }
  });

  test('passes over lines of kinds that a newer program has', async () => {
    const ledger = open();
    for (const line of [{ kind: 'toString' }, { kind: 'newer', erasure: 7 }, { note: 7 }]) {
      await addSealed(line);
    }
    await ledger.append([accepted(1)]);
    assert.deepEqual(await readAll(ledger), [accepted(1)]);
    await ledger.close();
  });

  test('that does not begin like a ledger is not opened, and does not change', async () => {
    for (const text of ['', 'no ledger', '{"other":1}\n', '{"ledger":7}\n']) {
      await writeFile(path, text);
      assert.throws(() => open(), /erasures\.ledger does not begin as a ledger of erasures$/);
      assert.equal(await readFile(path, 'utf8'), text);
    }
  });
});
