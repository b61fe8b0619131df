/**
 * Checks all that a call writes. A ledger takes a snapshot of the database, its mark. `expect` compares everything that
 * was written since the mark with the list of the test: audit events, messages, and rows of every table. It fails if
 * something is missing or is not listed, and takes a new mark.
 *
 *     const ledger = await openLedger(roster);
 *     await roster.call('POST /sonar/v1/users', { bearer: apiKeys.admin });
 *     await ledger.expect({
 *       audit: [{ action: 'user.created', door: 'sonar', actor_kind: 'api_key' }],
 *       rows: { users: '+1' },
 *     });
 *     await ledger.expect({}); // nothing was written
 */
import assert from 'node:assert/strict';
import type { AnyRows, Row } from './rows.ts';
import type { Delivered, Roster } from './start.ts';

export interface Consequence {
  /** Every audit event, in order, each with only the columns that matter to the test. */
  readonly audit?: readonly Row[];
  /** Every message, oldest first, each with only the properties that matter to the test. */
  readonly messages?: readonly Partial<Delivered>[];
  /**
   * Rows by table: `+2` were added, `-1` removed, `~1` changed, separated by a space and in this order. Rows that
   * `audit` or `messages` lists, and rows of the tables in `bookkeeping`, are not counted here.
   */
  readonly rows?: Readonly<Record<string, string>>;
}

export interface Ledger {
  /** Waits for the jobs, then asserts what was written since the last mark, and takes a new mark. */
  expect(consequence: Consequence): Promise<void>;
  /** Takes a new mark without a check. */
  mark(): Promise<void>;
}

/** Tables that are derived from other rows, counters, and rows that the first erasure adds. */
const bookkeeping = new Set([
  'user_counts',
  'throttle_hits',
  'message_hits',
  'day_counts',
  'day_totals',
  'receipt_keys',
  'erasure_ledgers',
  // Events are listed from both of their tables.
  'audit_archive',
  'audit_lists',
  'audit_counts',
  // Until the receipt is in the ledger.
  'unwritten_receipts',
  'search_blocks',
  'job_marks',
  'search_leaves',
  'search_changes',
]);

const unused = { used_at: null, network: null, former_used_at: null };

type Snapshot = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** A ledger whose first mark is now. */
export async function openLedger(roster: Roster): Promise<Ledger> {
  const { rows } = roster;
  await roster.settle();
  let before = await snapshot(rows);
  return {
    async expect({ audit = [], messages = [], rows: expected = {} }) {
      await roster.settle();
      const after = await snapshot(rows);
      const written = difference(before, after);
      const events = addedRows(before, after, 'audit_events').sort(
        (left, right) => Number(left['seq']) - Number(right['seq']),
      );
      const added = new Set(addedRows(before, after, 'messages').map((row) => String(row['id'])));
      const delivered = (await roster.outbox()).filter((each) => added.has(each.id)).reverse();
      before = after;
      compareLists('audit events', events, audit);
      compareLists('messages', delivered, messages);
      assert.equal(delivered.length, added.size, 'every added message is in the outbox');
      assert.deepEqual(written, expected, 'rows written');
    },
    async mark() {
      await roster.settle();
      before = await snapshot(rows);
    },
  };
}

function compareLists(what: string, actual: readonly object[], expected: readonly object[]): void {
  const text = JSON.stringify(actual, null, 2);
  assert.equal(actual.length, expected.length, `${expected.length} ${what} expected: ${text}`);
  for (const [index, each] of expected.entries()) assert.partialDeepStrictEqual(actual[index], each);
}

async function snapshot(rows: AnyRows): Promise<Snapshot> {
  const tables = (await rows.tables()).filter((table) => !bookkeeping.has(table));
  const written = new Map<string, ReadonlyMap<string, string>>();
  for (const table of tables) {
    const key = await rows.keyOf(table);
    const all = await rows.all(table);
    const ownRows =
      table === 'audit_events' ? [...(await rows.all('audit_archive')), ...all].filter(isOwnEvent) : all;
    const entries = ownRows.map((row) => {
      // When a key was last used is written behind the answers.
      const seen = table === 'api_keys' ? { ...row, ...unused } : row;
      return [JSON.stringify(key.map((column) => row[column])), JSON.stringify(seen)] as const;
    });
    written.set(table, new Map(entries));
  }
  return written;
}

/** Counts are written behind the answers, at any time, and every command is recorded: both have tests of their own. */
function isOwnEvent(row: Row): boolean {
  return row['tally'] === null && row['action'] !== 'command.run';
}

function addedRows(before: Snapshot, after: Snapshot, table: string): Row[] {
  const known = before.get(table);
  return [...(after.get(table) ?? [])]
    .filter(([key]) => !known?.has(key))
    .map(([, text]) => JSON.parse(text));
}

/** The changes by table, without the added rows of the tables that `expect` lists row by row. */
function difference(before: Snapshot, after: Snapshot): Record<string, string> {
  const written: Record<string, string> = {};
  for (const [table, rows] of after) {
    const known = before.get(table) ?? new Map<string, string>();
    const isListed = table === 'audit_events' || table === 'messages';
    const added = isListed ? 0 : [...rows.keys()].filter((key) => !known.has(key)).length;
    const removed = [...known.keys()].filter((key) => !rows.has(key)).length;
    const changed = [...rows].filter(([key, text]) => known.has(key) && known.get(key) !== text).length;
    const counts = [
      ['+', added],
      ['-', removed],
      ['~', changed],
    ] as const;
    const text = counts
      .filter(([, count]) => count > 0)
      .map(([sign, count]) => `${sign}${count}`)
      .join(' ');
    if (text !== '') written[table] = text;
  }
  return written;
}
