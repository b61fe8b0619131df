/**
 * Imports many users, batch by batch. Each batch is one transaction that adds its users with their audit events, stores
 * the refused rows and writes the progress, so that an import that is interrupted at any moment resumes where it
 * stopped and no row is imported twice.
 *
 * The caller reads the rows. At most one batch is in memory here.
 */
import { authorize, type OperatorPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import type { InsertOutcome } from '../directory/user-store.ts';
import { refuse } from '../errors.ts';
import { recordAll } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import type { TransferColumn } from './columns.ts';
import { dearestOf } from './dearest-hash.ts';
import type { ImportProgress, Reject } from './import-progress.ts';
import type { ImportRows } from './import-row.ts';

/** The next rows of an input, after reading. */
export interface ImportBatch {
  readonly rows: ImportRows;
  /** The position in the input after these rows. */
  readonly reached: Pick<ImportProgress, 'bytes' | 'lines' | 'digest'>;
  /** The time from the last batch to this one. */
  readonly elapsedMs: number;
}

/** The app of the new users: the app with that id, or the organization's first. Refuses with `not_found` (app). */
export async function getImportApp(
  core: Core,
  principal: OperatorPrincipal,
  appId: string | null,
): Promise<App> {
  authorize(principal, 'users.create');
  const app = await core.work.read(principal.orgKey, (tx) =>
    appId === null ? tx.apps.getFirst() : tx.apps.find(appId),
  );
  if (app === null) throw refuse('not_found', { noun: 'app' });
  return app;
}

/** The progress of the import with that id; null where it has not begun. */
export async function findImport(
  core: Core,
  principal: OperatorPrincipal,
  id: string,
): Promise<ImportProgress | null> {
  authorize(principal, 'users.create');
  return core.work.change(principal.orgKey, (tx) => tx.imports.lock(id));
}

/** The progress of the import with that id; begins the import where there is none. */
export async function openImport(
  core: Core,
  principal: OperatorPrincipal,
  input: { readonly id: string; readonly digest: string },
): Promise<ImportProgress> {
  authorize(principal, 'users.create');
  const { id, digest } = input;
  return core.work.change(principal.orgKey, async (tx) => {
    const found = await tx.imports.lock(id);
    if (found !== null) return found;
    const counters = {
      bytes: 0,
      lines: 0,
      imported: 0,
      rejected: 0,
      skipped: 0,
      withoutPassword: 0,
      elapsedMs: 0,
    };
    const begun = { id, digest, ...counters, startedAt: core.clock.now(), finishedAt: null };
    await tx.imports.insert(begun);
    return begun;
  });
}

/** The progress of an import after a batch. */
export interface ImportStep {
  readonly progress: ImportProgress;
  /** The working time of the transaction, without the waits for its turn and for the disk. */
  readonly workedMs: number;
}

/**
 * Imports the next rows and returns the progress after them. A row that has a fault, or whose email or external id is
 * taken, is stored as a reject and left out. Refuses with `wrong_state` where another process runs the same import.
 */
export async function importBatch(
  core: Core,
  principal: OperatorPrincipal,
  { progress, batch }: { readonly progress: ImportProgress; readonly batch: ImportBatch },
): Promise<ImportStep> {
  authorize(principal, 'users.create');
  const { count, skipped, users, lines, rejects } = batch.rows;
  const leftOut = new Set(batch.rows.withoutPassword);
  const dearest = dearestOf(core, users);
  return core.work.change(principal.orgKey, async (tx) => {
    const beganAt = performance.now();
    await lockImport(tx, progress);
    const outcomes = await tx.users.insertAll(users);
    if (dearest !== null) await tx.hashCosts.raise(dearest);
    const refused = [...rejects];
    const added: { kind: 'user'; id: string }[] = [];
    let withoutPassword = 0;
    for (const [at, outcome] of outcomes.entries()) {
      if ('taken' in outcome) {
        refused.push({ line: lines[at] ?? 0, field: columnOf(outcome), reason: 'taken' });
        continue;
      }
      added.push({ kind: 'user', id: outcome.id });
      if (leftOut.has(at)) withoutPassword += 1;
    }
    await recordAll(tx, principal, 'user.created', added, core.clock.now());
    if (refused.length > 0) await tx.imports.addRejects(progress.id, refused);
    const next: ImportProgress = {
      ...progress,
      ...batch.reached,
      imported: progress.imported + added.length,
      rejected: progress.rejected + count - skipped - added.length,
      skipped: progress.skipped + skipped,
      withoutPassword: progress.withoutPassword + withoutPassword,
      elapsedMs: progress.elapsedMs + batch.elapsedMs,
    };
    await tx.imports.update(next);
    return { progress: next, workedMs: performance.now() - beganAt };
  });
}

/** How many rejects are read, or deleted, together. */
const rejectsAtOnce = 2_000;

/** All rejects of the import so far, by line, in batches. Each batch is read when the caller asks for it. */
export async function* listRejects(
  core: Core,
  principal: OperatorPrincipal,
  progress: ImportProgress,
): AsyncGenerator<readonly Reject[]> {
  let after: Reject | null = null;
  for (;;) {
    const last: Reject | null = after;
    const rejects: readonly Reject[] = await core.work.read(principal.orgKey, (tx) =>
      tx.imports.listRejects(progress.id, last, rejectsAtOnce),
    );
    if (rejects.length > 0) yield rejects;
    after = rejects.at(-1) ?? null;
    if (rejects.length < rejectsAtOnce) return;
  }
}

/**
 * Ends an import whose input is done and whose rejects are written, `elapsedMs` after its last batch began.
 * Refuses with `wrong_state` where another process runs the same import.
 */
export async function finishImport(
  core: Core,
  principal: OperatorPrincipal,
  { progress, elapsedMs }: { readonly progress: ImportProgress; readonly elapsedMs: number },
): Promise<ImportProgress> {
  authorize(principal, 'users.create');
  const finished = {
    ...progress,
    elapsedMs: progress.elapsedMs + elapsedMs,
    finishedAt: core.clock.now(),
  };
  await core.work.change(principal.orgKey, async (tx) => {
    await lockImport(tx, progress);
    await tx.imports.update(finished);
  });
  return finished;
}

/** Deletes the rejects of an import that has ended, in small transactions, so that other writers get their turn. */
export async function forgetRejects(
  core: Core,
  principal: OperatorPrincipal,
  progress: ImportProgress,
): Promise<void> {
  for await (const rejects of listRejects(core, principal, progress)) {
    const lastLine = rejects.at(-1)?.line ?? 0;
    await core.work.change(principal.orgKey, (tx) => tx.imports.deleteRejects(progress.id, lastLine));
  }
}

/** The column whose value another user has. */
export function columnOf({ taken }: Extract<InsertOutcome, { taken: string }>): TransferColumn {
  return taken === 'email' ? 'email' : 'external_id';
}

/** A step: locks the import; refuses with `wrong_state` where another process has changed its progress since the read. */
async function lockImport(tx: Tx, progress: ImportProgress): Promise<void> {
  const present = await tx.imports.lock(progress.id);
  if (present?.bytes !== progress.bytes || present.finishedAt !== null) {
    throw refuse('wrong_state', { from: 'importing', to: 'importing' });
  }
}
