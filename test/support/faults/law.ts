/**
 * The one law of each fault: every acknowledged change is there, no deletion was both refused and done without a way to its
 * id, `roster check` finds nothing, and ledger and database agree.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDirectory } from '../../../src/app/open-directory.ts';
import { readConfig } from '../../../src/config/config.ts';
import type { Erasure } from '../../../src/core/erasure/erasure.ts';
import type { LedgerLine } from '../../../src/core/erasure/ledger.ts';
import { ledgerFile } from '../../../src/store/folder/ledger-file.ts';
import type { Settings } from '../../cli/command-host.ts';
import { roster, serve } from '../../cli/program.ts';
import { type Load, send } from './load.ts';

const completeMaxMs = 120_000;

/**
 * The load is stopped, and no server runs. Returns how much was promised. Without `waits` it waits for no receipt: on PostgreSQL
 * those that a process had claimed before it was killed, or lost the database, come after their lease.
 */
export async function checkLaw(
  folder: string,
  settings: Settings,
  load: Load,
  { waits = true } = {},
): Promise<string> {
  assert.deepEqual(load.wrong.slice(0, 5), []);
  const server = await serve(folder, settings);
  try {
    await checkAnswers({ url: server.url, bearer: load.bearer }, load);
    if (waits) await untilComplete(folder, settings);
  } finally {
    await server.stop('SIGTERM');
  }
  const { exitCode, stdout, stderr } = await roster(folder, ['check'], settings);
  assert.equal(exitCode, 0, `${stdout}${stderr}`);
  await checkLedger(folder, settings, load);
  const { created, deleted, refused, unanswered } = load;
  return `${created.size} created, ${deleted.size} deleted, ${refused.size} refused, ${unanswered.size} without an answer`;
}

async function checkAnswers(at: Pick<Load, 'url' | 'bearer'>, load: Load): Promise<void> {
  const { created, deleted, refused, unanswered } = load;
  const ids = [...created];
  const check = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const status = (await send(at, 'GET', `/${id}`))?.status;
      if (deleted.has(id)) assert.equal(status, 404, 'a deletion was acknowledged, and the user is there');
      else if (!refused.has(id) && !unanswered.has(id)) {
        assert.equal(status, 200, 'a creation was acknowledged, and the user is not there');
      }
      if (!refused.has(id)) continue;
      const again = await send(at, 'DELETE', `/${id}`);
      assert.equal(again?.status, 204, `refused, then ${status}, and the same deletion again`);
      deleted.set(id, again?.erasureId ?? '');
    }
  };
  await Promise.all(Array.from({ length: 8 }, check));
}

async function erasuresIn(folder: string, settings: Settings): Promise<readonly Erasure[]> {
  const { config, secrets } = readConfig({ ...settings, ROSTER_DATA_DIR: folder });
  const directory = await openDirectory({ config, secrets });
  try {
    return await directory.core.work.readSystem('operator', (tx) => tx.erasures.list(null, 1_000_000));
  } finally {
    await directory.close();
  }
}

async function untilComplete(folder: string, settings: Settings): Promise<void> {
  const deadline = performance.now() + completeMaxMs;
  for (;;) {
    const open = (await erasuresIn(folder, settings)).filter(({ state }) => state !== 'complete');
    if (open.length === 0) return;
    assert.ok(performance.now() < deadline, `${open.length} erasures have no receipt`);
    await sleep(250);
  }
}

async function checkLedger(folder: string, settings: Settings, { deleted }: Load): Promise<void> {
  const erasures = await erasuresIn(folder, settings);
  const text = await readFile(join(folder, ledgerFile), 'utf8');
  const lines = text.split('\n').flatMap((line): LedgerLine[] => (line === '' ? [] : [JSON.parse(line)]));
  const accepted = new Set(lines.flatMap((line) => (line.kind === 'accepted' ? [line.erasure.id] : [])));
  const receipts = new Map(
    lines.flatMap((line) => (line.kind === 'completed' ? [[line.erasure.id, line.erasure.receipt]] : [])),
  );
  for (const { id, state, receipt } of erasures) {
    if (state !== 'complete') continue;
    assert.ok(accepted.has(id), `the ledger does not have the acceptance of ${id}`);
    assert.equal(receipts.get(id), receipt, `the ledger does not have the receipt of ${id}`);
  }
  for (const id of deleted.values())
    assert.ok(accepted.has(id), `the ledger does not have the acceptance of ${id}`);
  const known = new Set(erasures.map(({ id }) => id));
  for (const id of [...accepted, ...deleted.values()]) {
    assert.ok(known.has(id), `the database does not know ${id}`);
  }
}
