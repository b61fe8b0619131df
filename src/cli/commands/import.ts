/**
 * Imports users from a file or a stream. An import has a name, which follows from its input or is given by a person.
 * The directory stores the progress under this name: the same import resumes there.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Directory } from '../../app/open-directory.ts';
import { readConfig } from '../../config/config.ts';
import { type OperatorPrincipal, operatorAt } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { getOrganization } from '../../core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../core/errors.ts';
import { toSecondText } from '../../core/time.ts';
import { DryRun } from '../../core/transfer/dry-run.ts';
import {
  findImport,
  finishImport,
  forgetRejects,
  getImportApp,
  importBatch,
  listRejects,
  openImport,
} from '../../core/transfer/import.ts';
import type { ImportProgress, Reject } from '../../core/transfer/import-progress.ts';
import { CommandError, type Handler, type Invocation, type Outcome } from '../command.ts';
import { counted } from '../layout.ts';
import { choiceOf, door, onDirectory } from '../operator.ts';
import { BatchSize, batchMs } from '../transfer/batch-size.ts';
import { findSource, type ImportSource } from '../transfer/import-source.ts';
import { refuseExisting } from '../transfer/private-file.ts';
import { ProgressBar } from '../transfer/progress-bar.ts';
import { keepInput, writeRejects } from '../transfer/rejects-file.ts';
import { formats } from '../transfer/row-cutter.ts';
import type { OpenedRows } from '../transfer/row-server.ts';
import { RowThread } from '../transfer/row-thread.ts';

/** The parts that an import works with. */
interface Task {
  readonly core: Core;
  readonly principal: OperatorPrincipal;
  readonly appId: string;
  readonly source: ImportSource;
  readonly opened: OpenedRows;
  readonly rows: RowThread;
  readonly size: BatchSize;
}

export const importUsers: Handler = async (invocation) => {
  const rows = new RowThread();
  try {
    const work = (directory: Directory): Promise<Outcome> => importFrom(directory, invocation, rows);
    return await onDirectory(work, { isBulk: true })(invocation);
  } finally {
    await rows.close();
  }
};

async function importFrom({ core }: Directory, invocation: Invocation, rows: RowThread): Promise<Outcome> {
  const organization = await getOrganization(core, invocation.get('org'));
  const principal = operatorAt(door, organization.key);
  const { id: appId } = await getImportApp(core, principal, invocation.find('app') ?? null);
  const source = await findSource(invocation.argument);
  const format = choiceOf(invocation, 'format', formats) ?? source.format;
  keepInput(invocation.argument, invocation.find('rejects') ?? '');
  const opened = await rows.open({
    ...{ input: source.name, format, appId },
    takesUnicode: core.takesUnicodeAddresses(),
    leavesOutUnknownHashes: invocation.find('without-unsupported-passwords') !== undefined,
  });
  const { databaseUrl } = readConfig(invocation.env).secrets;
  const size = new BatchSize(databaseUrl === null ? batchMs.file : batchMs.server);
  const task = { core, principal, appId, source, opened, rows, size };
  if (invocation.find('dry-run') !== undefined) return runDry(task, invocation);
  try {
    return await runImport(task, invocation);
  } catch (error) {
    // At the beginning, at a batch or at the end.
    if (isRefusal(error, 'wrong_state')) throw new CommandError('another process is running this import');
    throw error;
  }
}

async function runImport(task: Task, invocation: Invocation): Promise<Outcome> {
  const { core, principal, opened, rows } = task;
  const name = nameOf(task, invocation);
  const id = sha256(`${opened.format} ${task.appId} ${name}`);
  const found = await findImport(core, principal, id);
  if (found !== null && found.finishedAt !== null) {
    await forgetRejects(core, principal, found);
    return presentRepeated(found, found.finishedAt);
  }
  await checkRejects(invocation);
  let progress = found ?? (await openImport(core, principal, { id, digest: opened.digest }));
  const isResumed = progress.bytes > 0;
  await rows.skipTo(progress);
  const lap = stopwatch();
  progress = await importRest(task, progress, lap);
  const notes = await reportRejects(task, invocation, listRejects(core, principal, progress));
  progress = await finishImport(core, principal, { progress, elapsedMs: lap() });
  await forgetRejects(core, principal, progress);
  return present(progress, [...(isResumed ? ['resumed an interrupted import'] : []), ...notes]);
}

/** Imports the rest of the input; returns the progress at its end. */
async function importRest(task: Task, begun: ImportProgress, lap: () => number): Promise<ImportProgress> {
  const { core, principal, rows, size } = task;
  const bar = new ProgressBar();
  let progress = begun;
  try {
    for (;;) {
      const batch = await rows.read(size.rows);
      const { count } = batch.rows;
      if (count === 0) return progress;
      const step = await importBatch(core, principal, { progress, batch: { ...batch, elapsedMs: lap() } });
      progress = step.progress;
      size.learn(count, step.workedMs);
      bar.show(advanceOf(task, progress, progress.bytes));
    }
  } finally {
    bar.clear();
  }
}

async function runDry(task: Task, invocation: Invocation): Promise<Outcome> {
  const { core, principal, appId, rows } = task;
  await checkRejects(invocation);
  const dryRun = new DryRun(core, principal, appId);
  const bar = new ProgressBar();
  const beganAt = performance.now();
  const sum = { imported: 0, rejected: 0, skipped: 0, withoutPassword: 0 };
  const check = async function* (): AsyncGenerator<readonly Reject[]> {
    for (;;) {
      const batch = await rows.read(1_000);
      const { count, skipped } = batch.rows;
      if (count === 0) return;
      const { imported, withoutPassword, rejects } = await dryRun.check(batch.rows);
      sum.imported += imported;
      sum.rejected += count - skipped - imported;
      sum.skipped += skipped;
      sum.withoutPassword += withoutPassword;
      bar.show(advanceOf(task, sum, batch.reached.bytes));
      yield rejects;
    }
  };
  const notes = await reportRejects(task, invocation, check());
  bar.clear();
  const elapsedMs = performance.now() - beganAt;
  return present({ ...sum, elapsedMs }, ['nothing was imported: this was a dry run', ...notes]);
}

/** Writes the rejects file, and returns a note that names it; without rejects there is no note. */
async function reportRejects(
  { opened: { format } }: Task,
  invocation: Invocation,
  rejects: AsyncIterable<readonly Reject[]>,
): Promise<readonly string[]> {
  const named = invocation.find('rejects') ?? null;
  const order = { named, source: invocation.argument, format, replaces: replaces(invocation) };
  const path = await writeRejects(order, rejects);
  return path === null ? [] : [`${path} lists the rejected rows and the reasons`];
}

function replaces(invocation: Invocation): boolean {
  return invocation.find('force') !== undefined;
}

/** Refuses before any row is imported, rather than after all, where the named rejects file exists. */
async function checkRejects(invocation: Invocation): Promise<void> {
  const named = invocation.find('rejects');
  if (named !== undefined && !replaces(invocation)) await refuseExisting(named);
}

/** The name that was given with `--resume`, else a name that is the same for the same file. */
function nameOf({ source }: Task, invocation: Invocation): string {
  const given = invocation.find('resume');
  if (given !== undefined) return `name ${given}`;
  if (source.digest !== null) return `file ${source.digest}`;
  const name = randomUUID();
  process.stderr.write(`roster: --resume ${name} resumes this import after an interruption\n`);
  return `name ${name}`;
}

/** Each call returns the whole milliseconds since the last call; the remainder counts in the next one. */
function stopwatch(): () => number {
  let lastAt = performance.now();
  return () => {
    const elapsedMs = Math.round(performance.now() - lastAt);
    lastAt += elapsedMs;
    return elapsedMs;
  };
}

function advanceOf(
  { source }: Task,
  { imported, rejected }: Pick<ImportProgress, 'imported' | 'rejected'>,
  bytesDone: number,
) {
  const share = source.size === null || source.size === 0 ? null : bytesDone / source.size;
  return { share, text: `${counted(imported, 'user')}, ${rejected.toLocaleString('en')} rejected` };
}

/** The result of a call for an import that was finished before: its figures, which are not of this call. */
function presentRepeated(progress: ImportProgress, finishedAt: number): Outcome {
  const alreadyFinishedAt = toSecondText(finishedAt);
  const { json } = present(progress, []);
  return {
    json: { ...json, alreadyFinishedAt },
    text:
      `This import was finished at ${alreadyFinishedAt} and is not repeated: ${inWords(progress)} then. ` +
      'To import again, give a new name with --resume.',
  };
}

type Sum = Pick<ImportProgress, 'imported' | 'rejected' | 'skipped' | 'withoutPassword' | 'elapsedMs'>;

function present(sum: Sum, notes: readonly string[]) {
  const { imported, rejected, skipped, withoutPassword } = sum;
  const seconds = Math.round(sum.elapsedMs) / 1_000;
  return {
    json: { imported, rejected, skipped, withoutPassword, seconds },
    text: `${inWords(sum)} in ${seconds} s`,
    notes,
  };
}

function inWords({ imported, rejected, skipped, withoutPassword }: Sum): string {
  const empty = skipped === 0 ? [] : [`${counted(skipped, 'empty row')} skipped`];
  const leftOut =
    withoutPassword === 0 ? [] : [`${counted(withoutPassword, 'unsupported password')} left out`];
  const parts = [`${counted(imported, 'user')} imported`, `${counted(rejected, 'row')} rejected`];
  return [...parts, ...empty, ...leftOut].join(', ');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
