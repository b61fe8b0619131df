/** The imports of one organization: the progress of each, and the lines that it rejected. */

import { refuse } from '../../core/errors.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { ImportProgress, ImportStore, Reject } from '../../core/transfer/import-progress.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

type ById = { orgKey: number; id: string };
type ProgressValues = { [K in keyof ImportProgress]: ImportProgress[K] } & { orgKey: number };
type RejectValues = { [K in keyof Reject]: Reject[K] } & { orgKey: number; importId: string };

const lockProgress = statement((p: Binder<ById>) =>
  build
    .selectFrom('imports')
    .select([
      'id',
      'bytes',
      'lines',
      'digest',
      'imported',
      'rejected',
      'skipped',
      'without_password as withoutPassword',
      'elapsed_ms as elapsedMs',
      'started_at as startedAt',
      'finished_at as finishedAt',
    ])
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .forUpdate(),
);

/** How far an import has come, as columns. */
function positionColumns(p: Binder<Omit<ProgressValues, 'startedAt'>>) {
  return {
    bytes: p('bytes'),
    lines: p('lines'),
    digest: p('digest'),
    imported: p('imported'),
    rejected: p('rejected'),
    skipped: p('skipped'),
    without_password: p('withoutPassword'),
    elapsed_ms: p('elapsedMs'),
    finished_at: p('finishedAt'),
  };
}

const insertProgress = statement((p: Binder<ProgressValues>) =>
  build
    .insertInto('imports')
    .values({
      org_key: p('orgKey'),
      id: p('id'),
      ...positionColumns(p),
      started_at: p('startedAt'),
    })
    .onConflict((conflict) => conflict.doNothing()),
);

const updateProgress = statement((p: Binder<Omit<ProgressValues, 'startedAt'>>) =>
  build
    .updateTable('imports')
    .set({
      ...positionColumns(p),
    })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const insertReject = statement((p: Binder<RejectValues>) =>
  build.insertInto('import_rejects').values({
    org_key: p('orgKey'),
    import_id: p('importId'),
    line: p('line'),
    field: p('field'),
    reason: p('reason'),
  }),
);

const selectRejects = statement(
  (p: Binder<{ orgKey: number; importId: string; line: number; field: string; limit: number }>) =>
    build
      .selectFrom('import_rejects')
      .select(['line', 'field', 'reason'])
      .where('org_key', '=', p('orgKey'))
      .where('import_id', '=', p('importId'))
      .where((row) => row(row.refTuple('line', 'field'), '>', row.tuple(p('line'), p('field'))))
      .orderBy('line')
      .orderBy('field')
      .limit(p('limit')),
);

const deleteRejects = statement((p: Binder<{ orgKey: number; importId: string; lastLine: number }>) =>
  build
    .deleteFrom('import_rejects')
    .where('org_key', '=', p('orgKey'))
    .where('import_id', '=', p('importId'))
    .where('line', '<=', p('lastLine')),
);

export class SqlImportStore implements ImportStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async lock(id: string): Promise<ImportProgress | null> {
    return (await this.#scope.executor.first(lockProgress, { orgKey: this.#orgKey, id })) ?? null;
  }

  async insert(progress: ImportProgress): Promise<void> {
    const added = await this.#scope.executor.run(insertProgress, { ...progress, orgKey: this.#orgKey });
    if (added === 0) throw refuse('wrong_state', { from: 'importing', to: 'importing' });
  }

  async update(progress: ImportProgress): Promise<void> {
    await this.#scope.executor.run(updateProgress, { ...progress, orgKey: this.#orgKey });
  }

  async addRejects(id: string, rejects: readonly Reject[]): Promise<void> {
    const own = { orgKey: this.#orgKey, importId: id };
    const rows = rejects.map((reject) => ({ ...reject, ...own }));
    await this.#scope.executor.insertAll(insertReject, rows);
  }

  listRejects(id: string, after: Reject | null, limit: number): Promise<readonly Reject[]> {
    return this.#scope.executor.rows(selectRejects, {
      orgKey: this.#orgKey,
      importId: id,
      line: after?.line ?? 0,
      field: after?.field ?? '',
      limit,
    });
  }

  async deleteRejects(id: string, lastLine: number): Promise<void> {
    await this.#scope.executor.run(deleteRejects, { orgKey: this.#orgKey, importId: id, lastLine });
  }
}
