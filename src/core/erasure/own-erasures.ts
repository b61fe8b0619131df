/**
 * The erasures of one organization, as its staff watches over them: what is overdue comes first, then what is under way, then what
 * is complete, each newest first. An erasure does not know its person; it is found by the id of the user, through its digest.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { type Listing, offsetOf, type Page } from '../directory/paging.ts';
import { type FieldFault, refuse, refuseFaults } from '../errors.ts';
import type { Tx } from '../unit-of-work.ts';
import {
  type Erasure,
  type ErasureCounts,
  type ErasureState,
  erasureCountMax,
  readErasureReference,
} from './erasure.ts';
import type { ErasureDossier } from './list-erasures.ts';
import { type ReceiptClaims, type ReceiptFault, verifyReceipt } from './receipt.ts';
import { listPublicKeys } from './receipt-key.ts';

/** The states in the order of the list. */
const order: readonly ErasureState[] = ['overdue', 'running', 'complete'];

export interface ErasureListing extends Listing<Erasure> {
  /** False where `total` is a number that there are at least; the list ends there. */
  readonly isExact: boolean;
  /** All erasures that the reference names, by state. */
  readonly counts: ErasureCounts;
}

/**
 * A page of the erasures. `reference` is the id of a user or an erasure as a person writes it, or the SHA-256 of the user's id;
 * null for all. Refuses with `forbidden` and `invalid_fields`.
 */
export async function listOwnErasures(
  core: Core,
  principal: Principal,
  input: {
    readonly state: ErasureState | null;
    readonly reference: string | null;
    readonly page: Page;
    readonly faults?: readonly FieldFault[];
  },
): Promise<ErasureListing> {
  authorize(principal, 'console.erasures.manage');
  const { state, page } = input;
  const reference = input.reference === null ? null : readErasureReference(input.reference);
  const isUnknown = input.reference !== null && reference === null;
  const unknown: FieldFault = { field: 'userId', fault: 'invalid' };
  refuseFaults([...(input.faults ?? []), ...(isUnknown ? [unknown] : [])]);
  return core.work.read(principal.orgKey, async (tx) => {
    if (reference !== null && 'erasureId' in reference)
      return listOne(tx, reference.erasureId, { state, page });
    const userDigest = reference?.userDigest ?? null;
    const counts = await tx.erasures.count(userDigest);
    const shown = order.filter((each) => state === null || each === state);
    let skip = offsetOf(page);
    const items: Erasure[] = [];
    for (const each of shown) {
      const here = Math.min(counts[each], erasureCountMax);
      const left = Math.min(page.size - items.length, here - skip);
      if (left > 0) items.push(...(await tx.erasures.list({ state: each, userDigest }, skip, left)));
      skip = Math.max(0, skip - here);
    }
    const total = shown.reduce((sum, each) => sum + Math.min(counts[each], erasureCountMax), 0);
    return { items, total, page, counts, isExact: shown.every((each) => counts[each] <= erasureCountMax) };
  });
}

async function listOne(
  tx: Tx,
  id: string,
  { state, page }: { readonly state: ErasureState | null; readonly page: Page },
): Promise<ErasureListing> {
  const erasure = await tx.erasures.find(id);
  const isShown = erasure !== null && (state === null || erasure.state === state);
  const counts = { running: 0, overdue: 0, complete: 0 };
  if (erasure !== null) counts[erasure.state] = 1;
  const items = isShown && page.page === 1 ? [erasure] : [];
  return { items, total: isShown ? 1 : 0, page, isExact: true, counts };
}

/** One erasure with the answers of its providers. Refuses with `forbidden` and `not_found` (erasure). */
export async function getOwnErasure(core: Core, principal: Principal, id: string): Promise<ErasureDossier> {
  authorize(principal, 'console.erasures.manage');
  return core.work.read(principal.orgKey, async (tx) => {
    const erasure = await tx.erasures.find(id);
    if (erasure === null) throw refuse('not_found', { noun: 'erasure' });
    return { erasure, revocations: await tx.revocations.listOfErasure(id) };
  });
}

/** What a receipt says, if a key of this deployment has signed it; otherwise what is wrong. Refuses with `forbidden`. */
export async function checkReceipt(
  core: Core,
  principal: Principal,
  text: string,
): Promise<{ readonly claims: ReceiptClaims; readonly kid: string } | { readonly fault: ReceiptFault }> {
  authorize(principal, 'console.erasures.manage');
  return verifyReceipt(text, await listPublicKeys(core));
}
