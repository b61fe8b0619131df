/**
 * The law of each fault: what was acknowledged is there, once, and nothing else is; sessions and codes were made and spent once;
 * ledger and database agree; `roster check` finds nothing.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { LedgerLine } from '../../src/core/erasure/ledger.ts';
import { ledgerFile } from '../../src/store/folder/ledger-file.ts';
import { findLeader } from '../../src/store/postgres/hosts.ts';
import type { Settings } from '../cli/command-host.ts';
import { roster } from '../cli/program.ts';
import type { Promised } from './writers.ts';

/** The digits of a user's id, as the database has them. */
const bare = (id: string): string => id.replace('usr_', '');

/** The writers have stopped, so every change is settled. */
export async function checkLaw(at: {
  readonly folder: string;
  readonly settings: Settings;
  readonly promised: Promised;
  readonly url: string;
}): Promise<void> {
  const { promised, settings, folder, url } = at;
  assert.deepEqual(promised.wrong.slice(0, 5), []);
  await checkRows(settings['DATABASE_URL'] ?? '', promised);
  await checkSessions(url, promised);
  await checkLedger(folder, settings['DATABASE_URL'] ?? '', promised);
  const { exitCode, stdout, stderr } = await roster(folder, ['check'], settings);
  assert.equal(exitCode, 0, `${stdout}${stderr}`);
}

async function checkRows(databaseUrl: string, promised: Promised): Promise<void> {
  const users = await query(databaseUrl, 'select id, external_id, status from users');
  const found = new Map(users.map((row) => [String(row['id']), row]));
  for (const [id, reference] of promised.users) {
    assert.equal(found.get(bare(id))?.['external_id'], reference, 'an acknowledged change is not there');
  }
  for (const id of promised.deleted) assert.equal(found.has(bare(id)), false, 'a deleted user is there');
  const references = users.map((row) => row['external_id']).filter((each) => each !== null);
  assert.equal(new Set(references).size, references.length, 'a reference is there twice');
  for (const [name, rows] of promised.imports) {
    const there = references.filter((reference) => String(reference).startsWith(`${name} `)).length;
    assert.equal(there, rows, 'an import is there in part, or twice');
  }
  const imported = [...promised.imports.values()].reduce((sum, rows) => sum + rows, 0);
  assert.equal(
    users.length,
    promised.users.size + imported + promised.accounts,
    'there are other users than acknowledged',
  );
}

async function checkSessions(url: string, promised: Promised): Promise<void> {
  for (const { number, token } of promised.sessions) {
    const answer = await fetch(`${url}/general/v1/users/${number}`, { headers: { 'x-user-token': token } });
    assert.equal(answer.status, 200, 'an acknowledged session is not there');
  }
  for (const { number, session, code } of promised.confirmed) {
    const answer = await fetch(`${url}/general/v1/users/${number}`, { headers: { 'x-user-token': session } });
    const body: { confirmed?: boolean } = JSON.parse(await answer.text());
    assert.equal(body.confirmed, true, 'an acknowledged code was not spent');
    const again = await fetch(`${url}/general/v1/users/confirmation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: number, confirmation_code: code }),
    });
    assert.equal(again.status, 401, 'a code was spent twice');
  }
}

async function checkLedger(folder: string, databaseUrl: string, { deleted }: Promised): Promise<void> {
  const erasures = await query(databaseUrl, 'select id, state from erasures');
  const text = await readFile(join(folder, ledgerFile), 'utf8');
  const lines = text.split('\n').flatMap((line): LedgerLine[] => (line === '' ? [] : [JSON.parse(line)]));
  const accepted = new Set(lines.flatMap((line) => (line.kind === 'accepted' ? [line.erasure.id] : [])));
  const known = new Set(erasures.map((row) => String(row['id'])));
  assert.deepEqual(
    [...accepted].filter((id) => !known.has(id)),
    [],
    'the database does not know erasures of the ledger',
  );
  assert.deepEqual(
    [...known].filter((id) => !accepted.has(id)),
    [],
    'the ledger does not have erasures of the database',
  );
  assert.equal(known.size, deleted.size, 'there are other erasures than acknowledged');
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: await findLeader({ url, connectMs: 10_000 }) });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
