/**
 * Has SQLite arrange a page of users anew. A row grows until the room between pointers and cells is too small for it
 * and the page as a whole is not: then SQLite moves all cells together and overwrites the rest. Where a row is alone
 * on its page, or none is there, users for a moment fill the room instead. Everything is undone at once.
 */

import { type PageAt, pointerBytes } from './index-page.ts';
import { type Mended, type MomentUsers, momentBytes, momentSeq, type Placed } from './moment-users.ts';
import { readLeafPage } from './pages.ts';

interface UserRow extends Placed {
  readonly id: string;
  readonly timezone: string;
}

const headerBytes = 8;

export function mendTablePage(page: number, pageAt: PageAt, users: MomentUsers): Mended {
  const bytes = pageAt(page);
  const leaf = readLeafPage(bytes);
  if (leaf === null) return 'nobody';
  const [cell, ...otherCells] = leaf.cells;
  if (cell === undefined) return mendEmptyTable(page, bytes.length, users);
  const user = users.first<UserRow>(
    'select seq, org_key as orgKey, app_key as appKey, id, timezone from users where seq = ?',
    cell.rowid,
  );
  if (user === undefined || !bytes.includes(user.id)) return 'nobody';
  const room = bytes.length - headerBytes - cell.bytes - pointerBytes;
  if (otherCells.length === 0 && fillBeside(user, room, users)) return 'mended';
  const needed = Math.max(leaf.gapBytes, leaf.holeBytesMax + cell.bytes) + 1;
  const padded = user.timezone.length + Math.max(1, needed - cell.bytes);
  const update = 'update users set timezone = ? where seq = ?';
  users.run(update, user.timezone.padEnd(padded, '.'), user.seq);
  users.run(update, user.timezone, user.seq);
  return 'mended';
}

/** False where the numbers beside the row are both taken, or the room is too small. */
function fillBeside({ seq, orgKey, appKey }: Placed, room: number, users: MomentUsers): boolean {
  const isFree = (each: number): boolean =>
    users.first('select 1 from users where seq = ?', each) === undefined;
  const free = [seq + 1, seq - 1].find(isFree);
  return free !== undefined && fill([{ seq: free, orgKey, appKey }], room, users);
}

/** A table without rows has one page, and more room than one row can fill. */
function mendEmptyTable(page: number, pageBytes: number, users: MomentUsers): Mended {
  const isUsers = users.first(`select 1 from sqlite_schema where name = 'users' and rootpage = ?`, page);
  const app = users.anyApp();
  if (isUsers === undefined || app === undefined) return 'nobody';
  const rows = [0, 1].map((at) => ({ ...app, seq: momentSeq(at) }));
  return fill(rows, pageBytes - headerBytes, users) ? 'mended' : 'stuck';
}

function fill(rows: readonly Placed[], room: number, users: MomentUsers): boolean {
  const share = Math.floor(room / rows.length) - pointerBytes;
  const lengths = rows.map((row, at) => share - momentBytes(row, at));
  if (lengths.some((length) => length < 0)) return false;
  for (const [at, row] of rows.entries()) users.add(row, at, { timezone: '.'.repeat(lengths[at] ?? 0) });
  for (const { seq } of rows) users.remove(seq);
  return true;
}
