/**
 * Exports everything that the directory has of one person (GDPR, articles 15 and 20): one JSON document, a CSV file for each
 * table that has rows, and a signed manifest. Rows are read in batches, first for the document and then for the files, so
 * the memory does not grow with the history of the person; a change between the two readings is only in the second.
 */
import { createHash } from 'node:crypto';
import { authorize, type Principal } from '../access/principal.ts';
import { subjectsOf } from '../access/subject.ts';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import type { ReceiptSigner, Stater } from '../erasure/receipt.ts';
import { ensureSigner } from '../erasure/receipt-key.ts';
import { findStater } from '../erasure/stater.ts';
import { refuse } from '../errors.ts';
import { newDatedId, toUserIdText, type UserId } from '../ids.ts';
import { type AuditFilter, type AuditPosition, record, type StoredEvent } from '../record/audit-event.ts';
import { requireFreshFactor } from '../staff/authenticate-staff.ts';
import { toMillisecondText } from '../time.ts';
import { toCsvLine } from '../transfer/csv.ts';
import { type ExportClaims, type ManifestFile, manifestFile, signManifest } from './manifest.ts';
import type { Cell, PersonRow, PersonRows, PersonTable } from './person-data.ts';
import { csvLine, eventRow, heldColumns, type Reader, shownColumns, showRow } from './shown-rows.ts';

/** The document with all tables. */
export const documentFile = 'person.json';

const batchRows = 500;

/** A part of the text of a file. The parts of one file follow one another. */
export interface FilePiece {
  readonly file: string;
  readonly text: string;
}

export interface PersonExport {
  /** `exp_` and 32 hex digits. */
  readonly id: string;
  readonly userId: UserId;
  /** The files, each read when the caller asks for it; the last one is the manifest. */
  readonly pieces: AsyncGenerator<FilePiece>;
}

/** What the pieces are made from. */
interface Task {
  readonly core: Core;
  readonly user: User;
  readonly app: { readonly id: string; readonly name: string | null };
  readonly tables: readonly PersonTable[];
  readonly reader: Reader;
  readonly signer: ReceiptSigner;
  readonly exportedAt: number;
  /** The claims but for the files. */
  readonly statement: Omit<ExportClaims, 'files'>;
}

/**
 * Begins an export, and records it before anything leaves, so that one that is stopped is in the audit log too. Refuses
 * with `forbidden`, `fresh_factor_required` and `not_found` (user).
 */
export async function exportPerson(core: Core, principal: Principal, userId: UserId): Promise<PersonExport> {
  authorize(principal, 'console.people.export');
  requireFreshFactor(core, principal);
  const { orgKey } = principal;
  const signer = await ensureSigner(core);
  const stater = await core.work.readSystem('operator', (system) => findStater(core, system, orgKey));
  const exportedAt = core.clock.now();
  const found = await core.work.change(orgKey, async (tx) => {
    const user = await tx.users.find({ id: userId });
    if (user === null) throw refuse('not_found', { noun: 'user' });
    await record(tx, principal, 'user.exported', { kind: 'user', id: userId }, exportedAt, { users: 1 });
    const app = await tx.apps.find(user.appId);
    return { user, app: { id: user.appId, name: app?.name ?? null }, tables: tx.personData.tables };
  });
  const id = newDatedId('exp', exportedAt);
  const statement = statementOf({ id, principal, stater, userId, exportedAt, tables: found.tables });
  const reader = { secrets: core.secrets, orgKey, userId };
  return { id, userId, pieces: piecesOf({ ...found, core, reader, signer, exportedAt, statement }) };
}

function statementOf(of: {
  readonly id: string;
  readonly principal: Principal;
  readonly stater: Stater;
  readonly userId: UserId;
  readonly exportedAt: number;
  readonly tables: readonly PersonTable[];
}): Task['statement'] {
  return {
    ...of.stater,
    export_id: of.id,
    user_id: toUserIdText(of.userId),
    exported_at: toMillisecondText(of.exportedAt),
    exported_by: of.principal.kind,
    door: of.principal.door,
    held: heldColumns(of.tables),
  };
}

async function* piecesOf(task: Task): AsyncGenerator<FilePiece> {
  const files = new Map<string, { bytes: number; readonly sha256: ReturnType<typeof createHash> }>();
  for await (const piece of dataPieces(task)) {
    const file = files.get(piece.file) ?? { bytes: 0, sha256: createHash('sha256') };
    files.set(piece.file, file);
    file.bytes += Buffer.byteLength(piece.text);
    file.sha256.update(piece.text);
    yield piece;
  }
  const listed = Array.from(files, ([name, { bytes, sha256 }]): ManifestFile => {
    return { name, bytes, sha256: sha256.digest('hex') };
  });
  yield { file: manifestFile, text: await signManifest({ ...task.statement, files: listed }, task.signer) };
}

async function* dataPieces(task: Task): AsyncGenerator<FilePiece> {
  for await (const text of documentTexts(task)) yield { file: documentFile, text };
  for (const table of task.tables) {
    const columns = shownColumns(table);
    let isBegun = false;
    for await (const rows of rowsOf(task, table)) {
      if (rows.length === 0) continue;
      let text = isBegun ? '' : toCsvLine(columns);
      isBegun = true;
      for (const row of rows) text += csvLine(columns, showRow(table, row, task.reader));
      yield { file: `${table.name}.csv`, text };
    }
  }
}

/** The document: the claims and the app, then each table with its rows, one on a line. */
async function* documentTexts(task: Task): AsyncGenerator<string> {
  const { held, ...head } = task.statement;
  const about = { ...head, app: task.app };
  yield `{\n"export": ${JSON.stringify(about)},\n"held": ${JSON.stringify(held)},\n"tables": {`;
  for (const [at, table] of task.tables.entries()) {
    yield `${at === 0 ? '' : ','}\n"${table.name}": [`;
    let separator = '\n';
    for await (const rows of rowsOf(task, table)) {
      let text = '';
      for (const row of rows) {
        text += `${separator}${JSON.stringify(showRow(table, row, task.reader))}`;
        separator = ',\n';
      }
      yield text;
    }
    yield separator === '\n' ? ']' : '\n]';
  }
  yield '\n}\n}\n';
}

/** The rows of a table about the person, in batches. */
async function* rowsOf(task: Task, table: PersonTable): AsyncGenerator<readonly PersonRow[]> {
  if (table.namedBy === 'record') {
    yield* eventsOf(task);
    return;
  }
  for (const name of await namesOf(task, table)) {
    let after: Cell = null;
    do {
      const last: Cell = after;
      const found: PersonRows = await task.core.work.read(task.user.orgKey, (tx) =>
        tx.personData.list(table.name, { name, after: last, limit: batchRows }),
      );
      yield found.rows;
      after = found.next;
    } while (after !== null);
  }
}

/** The names by which rows of the table may name the person. */
async function namesOf({ core, user }: Task, { namedBy }: PersonTable): Promise<readonly string[]> {
  if (namedBy === 'digest') return [...new Set(subjectsOf(core.secrets, user))];
  if (namedBy === 'user') return [user.id];
  const connections = await core.work.read(user.orgKey, (tx) => tx.connections.listOf(user.id));
  return connections.map(({ id }) => id);
}

/** What was done to the person, and then what the person did to others, up to the export itself. */
async function* eventsOf(task: Task): AsyncGenerator<readonly PersonRow[]> {
  const { user, exportedAt } = task;
  const all: AuditFilter = {
    ...{ userId: null, actorId: null, action: null, since: null },
    until: exportedAt + 1,
  };
  yield* eventBatches(task, { ...all, userId: user.id });
  for await (const rows of eventBatches(task, { ...all, actorId: user.id })) {
    yield rows.filter((row) => row['subject_kind'] !== 'user' || row['subject_id'] !== user.id);
  }
}

async function* eventBatches(
  { core, user }: Task,
  filter: AuditFilter,
): AsyncGenerator<readonly PersonRow[]> {
  let after: AuditPosition | null = null;
  for (;;) {
    const last: AuditPosition | null = after;
    const events: readonly StoredEvent[] = await core.work.read(user.orgKey, (tx) =>
      tx.audit.listOldestFirst(filter, last, batchRows),
    );
    yield events.map(eventRow);
    after = events.at(-1) ?? null;
    if (events.length < batchRows) return;
  }
}
