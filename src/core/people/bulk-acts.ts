/** Plans, runs, resumes and discards an act on many people (`bulk-act.ts`). Each person is done by the operation of a single act. */
import type { Arrival } from '../access/arrival.ts';
import { authorize, type StaffPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { DomainError, isNotFound, refuse } from '../errors.ts';
import { newPrefixedId, type UserId } from '../ids.ts';
import { recordList } from '../record/reads.ts';
import { selectUsers } from '../search/find-users.ts';
import type { SearchQuery } from '../search/search-query.ts';
import type { SearchFilter } from '../search/user-search-store.ts';
import { actOnPerson } from './acts-on-person.ts';
import {
  type BulkAct,
  type BulkActName,
  type BulkRefusals,
  bulkActs,
  bulkLeaseMs,
  bulkMax,
  nextBulkState,
} from './bulk-act.ts';
import { foreseeRefusals } from './foresee-refusals.ts';
import { actionOf } from './person-act.ts';

/** People in one run: a person at the page waits for it. */
const partSize = 25;
const listMax = 20;

export interface BulkProgress {
  readonly bulk: BulkAct;
  readonly left: number;
}

export type BulkSelection =
  | { readonly ids: readonly UserId[] }
  | { readonly query: SearchQuery; readonly filter: SearchFilter };

/**
 * Makes a plan, and changes no person. Refuses with `forbidden`, and with `invalid_fields` for an act that is not for many and for
 * more people than `bulkMax`.
 */
export async function planBulkAct(
  core: Core,
  principal: StaffPrincipal,
  input: { readonly act: unknown; readonly selection: BulkSelection },
): Promise<BulkProgress> {
  authorize(principal, 'console.people.manage');
  const act = bulkActs.find((each) => each === input.act);
  if (act === undefined) throw refuse('invalid_fields', { faults: [{ field: 'act', fault: 'invalid' }] });
  const ids = await selectIds(core, principal, input.selection);
  const planned: Record<string, number> = {};
  const existing: UserId[] = [];
  for await (const { id, why } of foreseeRefusals(core, principal, act, ids)) {
    existing.push(id);
    if (why !== null) planned[why] = (planned[why] ?? 0) + 1;
  }
  await recordList(core, principal, existing.length);
  const made: Omit<BulkAct, 'orgKey'> = {
    ...{ id: newPrefixedId('blk'), act, madeBy: principal.staffId, state: 'planned', total: existing.length },
    ...{ planned, changed: 0, failed: {}, createdAt: core.clock.now() },
  };
  return core.work.change(principal.orgKey, async (tx) => {
    await tx.bulkActs.insert(made, existing);
    return { bulk: { ...made, orgKey: principal.orgKey }, left: existing.length };
  });
}

async function selectIds(
  core: Core,
  principal: StaffPrincipal,
  selection: BulkSelection,
): Promise<readonly UserId[]> {
  if ('ids' in selection) {
    const ids = [...new Set(selection.ids)];
    if (ids.length > bulkMax) throw tooMany();
    return ids;
  }
  const { query, filter } = selection;
  const found = await core.work.read(principal.orgKey, (tx) =>
    selectUsers(tx, { query, filter, limit: bulkMax }),
  );
  if (!found.isExact || found.ids.length > bulkMax) throw tooMany();
  return found.ids;
}

function tooMany(): Error {
  return refuse('invalid_fields', {
    faults: [{ field: 'selection', fault: 'out_of_range', min: 1, max: bulkMax }],
  });
}

/** The bulk acts of the principal that are not complete, newest first. */
export async function listBulkActs(core: Core, principal: StaffPrincipal): Promise<readonly BulkProgress[]> {
  authorize(principal, 'console.people.manage');
  return core.work.read(principal.orgKey, async (tx) => {
    const open = await tx.bulkActs.listOpen(principal.staffId, listMax);
    return Promise.all(open.map(async (bulk) => ({ bulk, left: await tx.bulkActs.countLeft(bulk.id) })));
  });
}

/** Refuses with `forbidden` and `not_found` (bulk_act), also for that of another staff account. */
export async function getBulkAct(core: Core, principal: StaffPrincipal, id: string): Promise<BulkProgress> {
  authorize(principal, 'console.people.manage');
  return core.work.read(principal.orgKey, async (tx) => {
    const bulk = requireOwn(principal, await tx.bulkActs.find(id));
    return { bulk, left: await tx.bulkActs.countLeft(id) };
  });
}

/**
 * Does the next part. The first call confirms the plan: `confirmation` is the number of people. Later calls go on, also after an
 * interruption. Refuses with `forbidden`, `not_found` (bulk_act), `wrong_state`, and `invalid_fields` for a wrong confirmation.
 */
export async function runBulkAct(
  core: Core,
  principal: StaffPrincipal,
  input: { readonly id: string; readonly confirmation: unknown; readonly arrival: Arrival },
): Promise<BulkProgress> {
  authorize(principal, 'console.people.manage');
  const { id, arrival } = input;
  const typed = input.confirmation ?? undefined;
  if (typed !== undefined && typeof typed !== 'string') {
    throw refuse('invalid_fields', { faults: [{ field: 'confirmation', fault: 'invalid' }] });
  }
  const { act, ids } = await core.work.change(principal.orgKey, async (tx) => {
    const bulk = requireOwn(principal, await tx.bulkActs.lock(id));
    if (bulk.state === 'planned') {
      if (typed === undefined || typed.trim() !== String(bulk.total)) {
        throw refuse('invalid_fields', { faults: [{ field: 'confirmation', fault: 'differs' }] });
      }
      await tx.bulkActs.update(id, { state: nextBulkState(bulk.state, 'confirm') });
    } else if (bulk.state !== 'running') {
      throw refuse('wrong_state', { from: bulk.state, to: 'running' });
    }
    const claim = { now: core.clock.now(), leaseMs: bulkLeaseMs, limit: partSize };
    return { act: bulk.act, ids: await tx.bulkActs.claim(id, claim) };
  });
  for (const userId of ids) {
    const outcome = await doOne(core, principal, { userId, act, arrival });
    await core.work.change(principal.orgKey, async (tx) => {
      const bulk = await tx.bulkActs.lock(id);
      if (bulk === null || !(await tx.bulkActs.settle(id, userId))) return;
      await tx.bulkActs.update(id, counted(bulk, outcome));
    });
  }
  return core.work.change(principal.orgKey, async (tx) => {
    const bulk = requireOwn(principal, await tx.bulkActs.lock(id));
    const left = await tx.bulkActs.countLeft(id);
    if (left > 0 || bulk.state !== 'running') return { bulk, left };
    const state = nextBulkState(bulk.state, 'finish');
    await tx.bulkActs.update(id, { state });
    return { bulk: { ...bulk, state }, left };
  });
}

/** Ends a bulk act; what was done stays done. Refuses with `forbidden`, `not_found` (bulk_act) and `wrong_state`. */
export async function discardBulkAct(core: Core, principal: StaffPrincipal, id: string): Promise<void> {
  authorize(principal, 'console.people.manage');
  await core.work.change(principal.orgKey, async (tx) => {
    const bulk = requireOwn(principal, await tx.bulkActs.lock(id));
    await tx.bulkActs.update(id, { state: nextBulkState(bulk.state, 'discard') });
  });
}

function requireOwn({ staffId }: StaffPrincipal, bulk: BulkAct | null): BulkAct {
  if (bulk?.madeBy !== staffId) throw refuse('not_found', { noun: 'bulk_act' });
  return bulk;
}

/** Null where the person was changed; `unchanged`, or the code of the refusal. A fault ends the run, and the person is done again. */
async function doOne(
  core: Core,
  principal: StaffPrincipal,
  { userId, act, arrival }: { readonly userId: UserId; readonly act: BulkActName; readonly arrival: Arrival },
): Promise<string | null> {
  authorize(principal, actionOf(act));
  try {
    const { isChanged } = await actOnPerson(core, principal, {
      ref: { id: userId },
      act,
      values: {},
      arrival,
    });
    return isChanged ? null : 'nothing_to_do';
  } catch (error) {
    if (isNotFound(error, 'user')) return 'gone';
    if (error instanceof DomainError && error.code !== 'unavailable' && error.code !== 'damaged')
      return error.code;
    throw error;
  }
}

function counted({ changed, failed }: BulkAct, outcome: string | null): Pick<BulkAct, 'changed' | 'failed'> {
  if (outcome === null) return { changed: changed + 1, failed };
  const more: BulkRefusals = { ...failed, [outcome]: (failed[outcome] ?? 0) + 1 };
  return { changed, failed: more };
}
