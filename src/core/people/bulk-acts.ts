/** Plans, runs, resumes and discards an act on many people (`bulk-act.ts`). Each person is done by the operation of a single act. */
import type { Arrival } from '../access/arrival.ts';
import { authorize, type StaffPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { deleteUser } from '../directory/user-lifecycle.ts';
import { DomainError, isNotFound, refuse } from '../errors.ts';
import { newPrefixedId, type UserId } from '../ids.ts';
import { recordList } from '../record/reads.ts';
import { selectUsers } from '../search/find-users.ts';
import type { SearchQuery } from '../search/search-query.ts';
import type { SearchFilter } from '../search/user-search-store.ts';
import { requireFreshFactor } from '../staff/authenticate-staff.ts';
import { countBulkPlan } from '../staff/staff-budget.ts';
import type { Tx } from '../unit-of-work.ts';
import { type ActOutcome, actOnPerson } from './acts-on-person.ts';
import {
  type BulkAct,
  type BulkActName,
  type BulkRefusals,
  type BulkValue,
  type BulkValues,
  bulkActs,
  bulkConfirmationOf,
  bulkLeaseMs,
  bulkMax,
  nextBulkState,
  readBulkValue,
} from './bulk-act.ts';
import { foreseeRefusals } from './foresee-refusals.ts';
import { actionOf, needsFreshFactor } from './person-act.ts';

/** People in one run: a person at the page waits for it. */
const partSize = 25;
/** An account has at most so many bulk acts that are not complete. */
const openMax = 20;

export interface BulkProgress {
  readonly bulk: BulkAct;
  readonly left: number;
}

export type BulkSelection =
  | { readonly ids: readonly UserId[] }
  | { readonly query: SearchQuery; readonly filter: SearchFilter };

/**
 * Makes a plan, and changes no person. It takes the place of the oldest plan that was not confirmed where the account has too many.
 * Refuses with `forbidden`, with `invalid_fields` for an act that is not for many, for a value that is not one of the act, and for
 * more people than `bulkMax`, with `rate_limited`, and with `wrong_state` where too many are running.
 */
export async function planBulkAct(
  core: Core,
  principal: StaffPrincipal,
  input: { readonly act: unknown; readonly values?: BulkValues; readonly selection: BulkSelection },
): Promise<BulkProgress> {
  authorize(principal, 'console.people.many');
  const act = bulkActs.find((each) => each === input.act);
  if (act === undefined) throw refuse('invalid_fields', { faults: [{ field: 'act', fault: 'invalid' }] });
  authorize(principal, actionOf(act));
  const value = readBulkValue(act, input.values ?? {});
  await core.work.change(principal.orgKey, (tx) => countBulkPlan(core, tx, principal));
  const ids = await selectIds(core, principal, input.selection);
  const planned: Record<string, number> = {};
  const existing: UserId[] = [];
  for await (const { id, why } of foreseeRefusals(core, principal, { act, value, ids })) {
    existing.push(id);
    if (why !== null) planned[why] = (planned[why] ?? 0) + 1;
  }
  await recordList(core, principal, existing.length);
  const made: Omit<BulkAct, 'orgKey'> = {
    ...{ id: newPrefixedId('blk'), act, value, madeBy: principal.staffId, state: 'planned' },
    ...{ total: existing.length, planned, changed: 0, failed: {}, createdAt: core.clock.now() },
  };
  return core.work.change(principal.orgKey, async (tx) => {
    await makeRoom(tx, principal);
    await tx.bulkActs.insert(made, existing);
    return { bulk: { ...made, orgKey: principal.orgKey }, left: existing.length };
  });
}

/** A step: leaves a place for another bulk act of the account, whose plans wait for each other. */
async function makeRoom(tx: Tx, { staffId }: StaffPrincipal): Promise<void> {
  await tx.staff.lock(staffId);
  const open = await tx.bulkActs.listOpen(staffId, openMax);
  if (open.length < openMax) return;
  const oldest = open.findLast(({ state }) => state === 'planned');
  if (oldest === undefined) throw refuse('wrong_state', { from: 'running', to: 'planned' });
  await discard(tx, oldest);
}

/** A step: ends the bulk act, and forgets who was left. */
async function discard(tx: Tx, { id, state }: BulkAct): Promise<void> {
  await tx.bulkActs.update(id, { state: nextBulkState(state, 'discard') });
  await tx.bulkActs.dropLeft(id);
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
  authorize(principal, 'console.people.many');
  return core.work.read(principal.orgKey, async (tx) => {
    const open = await tx.bulkActs.listOpen(principal.staffId, openMax);
    return Promise.all(open.map(async (bulk) => ({ bulk, left: await tx.bulkActs.countLeft(bulk.id) })));
  });
}

/** Refuses with `forbidden` and `not_found` (bulk_act), also for that of another staff account. */
export async function getBulkAct(core: Core, principal: StaffPrincipal, id: string): Promise<BulkProgress> {
  authorize(principal, 'console.people.many');
  return core.work.read(principal.orgKey, async (tx) => {
    const bulk = requireOwn(principal, await tx.bulkActs.find(id));
    return { bulk, left: await tx.bulkActs.countLeft(id) };
  });
}

/**
 * Does the next part. The first call confirms the plan with what `bulkConfirmationOf` says. Later calls go on, also after an
 * interruption. Each call of an act that does harm needs a fresh factor. Refuses with `forbidden`, `fresh_factor_required`,
 * `not_found` (bulk_act), `wrong_state`, and `invalid_fields` for a wrong confirmation.
 */
export async function runBulkAct(
  core: Core,
  principal: StaffPrincipal,
  input: { readonly id: string; readonly confirmation: unknown; readonly arrival: Arrival },
): Promise<BulkProgress> {
  authorize(principal, 'console.people.many');
  const { id, arrival } = input;
  const typed = input.confirmation ?? undefined;
  if (typed !== undefined && typeof typed !== 'string') {
    throw refuse('invalid_fields', { faults: [{ field: 'confirmation', fault: 'invalid' }] });
  }
  const { act, value, ids } = await core.work.change(principal.orgKey, async (tx) => {
    const bulk = requireOwn(principal, await tx.bulkActs.lock(id));
    authorize(principal, actionOf(bulk.act));
    if (needsFreshFactor(bulk.act)) requireFreshFactor(core, principal);
    if (bulk.state === 'planned') {
      if (typed?.trim() !== bulkConfirmationOf(bulk)) {
        throw refuse('invalid_fields', { faults: [{ field: 'confirmation', fault: 'differs' }] });
      }
      await tx.bulkActs.update(id, { state: nextBulkState(bulk.state, 'confirm') });
    } else if (bulk.state !== 'running') {
      throw refuse('wrong_state', { from: bulk.state, to: 'running' });
    }
    const claim = { now: core.clock.now(), leaseMs: bulkLeaseMs, limit: partSize };
    return { act: bulk.act, value: bulk.value, ids: await tx.bulkActs.claim(id, claim) };
  });
  // The whole part is done with the factor that it began with.
  const admitted = { ...principal, freshUntil: core.clock.now() + bulkLeaseMs };
  for (const userId of ids) {
    const outcome = await doOne(core, admitted, { userId, act, value, arrival });
    await core.work.change(principal.orgKey, async (tx) => {
      const bulk = await tx.bulkActs.lock(id);
      // A deletion takes the person from those who are left, and only one caller deletes a person. A discard forgets who is left.
      const isAbsent = (act === 'delete' && outcome === null) || bulk?.state === 'discarded';
      const isDone = (await tx.bulkActs.settle(id, userId)) || isAbsent;
      if (bulk === null || !isDone) return;
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
  authorize(principal, 'console.people.many');
  await core.work.change(principal.orgKey, async (tx) => {
    await discard(tx, requireOwn(principal, await tx.bulkActs.lock(id)));
  });
}

function requireOwn({ staffId }: StaffPrincipal, bulk: BulkAct | null): BulkAct {
  if (bulk?.madeBy !== staffId) throw refuse('not_found', { noun: 'bulk_act' });
  return bulk;
}

/** Null where the person was changed; `unchanged`, or the code of the refusal. A fault ends the run, and the person is done again. */
async function doOne(core: Core, principal: StaffPrincipal, one: OneAct): Promise<string | null> {
  try {
    const { isChanged } = await actOnOne(core, principal, one);
    return isChanged ? null : 'nothing_to_do';
  } catch (error) {
    if (isNotFound(error, 'user')) return 'gone';
    if (error instanceof DomainError && error.code !== 'unavailable' && error.code !== 'damaged')
      return error.code;
    throw error;
  }
}

interface OneAct {
  readonly userId: UserId;
  readonly act: BulkActName;
  readonly value: BulkValue;
  readonly arrival: Arrival;
}

async function actOnOne(
  core: Core,
  principal: StaffPrincipal,
  { userId, act, value, arrival }: OneAct,
): Promise<Pick<ActOutcome, 'isChanged'>> {
  const ref = { id: userId };
  if (act === 'delete') {
    await deleteUser(core, principal, { ref });
    return { isChanged: true };
  }
  const values = act === 'role' ? { role: value } : act === 'clinical' ? { isApproved: value } : {};
  return actOnPerson(core, principal, { ref, act, values, arrival });
}

function counted({ changed, failed }: BulkAct, outcome: string | null): Pick<BulkAct, 'changed' | 'failed'> {
  if (outcome === null) return { changed: changed + 1, failed };
  const more: BulkRefusals = { ...failed, [outcome]: (failed[outcome] ?? 0) + 1 };
  return { changed, failed: more };
}
