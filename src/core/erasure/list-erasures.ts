/** Reads erasures: an admin API key those of its organization, the operator all of them. */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import type { Revocation } from '../providers/revocation.ts';
import { type Erasure, type ErasureState, readErasureReference } from './erasure.ts';

/** An erasure with the answers of its providers so far. */
export interface ErasureDossier {
  readonly erasure: Erasure;
  readonly revocations: readonly Revocation[];
}

/** One erasure. Refuses with `forbidden`, and with `not_found` (erasure) where the principal cannot see it. */
export async function getErasure(
  core: Core,
  principal: Principal,
  { id }: { readonly id: string },
): Promise<Erasure> {
  authorize(principal, 'erasures.read');
  const erasure = await core.work.read(principal.orgKey, (tx) => tx.erasures.find(id));
  if (erasure === null) throw refuse('not_found', { noun: 'erasure' });
  return erasure;
}

/**
 * Erasures of every organization for the operator, newest first; `state` null: of any state. `reference` is the id of a user or an
 * erasure as a person writes it, or the SHA-256 of the user's id; null for all. Refuses with `invalid_fields`.
 */
export function listErasures(
  core: Core,
  input: { readonly state: ErasureState | null; readonly reference: string | null; readonly limit: number },
): Promise<readonly Erasure[]> {
  const { state, reference, limit } = input;
  if (reference === null) {
    return core.work.readSystem('operator', (system) => system.erasures.list(state, limit));
  }
  const named = readErasureReference(reference);
  if (named === null) throw refuse('invalid_fields', { faults: [{ field: 'user', fault: 'invalid' }] });
  return core.work.readSystem('operator', async (system) => {
    const found =
      'erasureId' in named
        ? [await system.erasures.find(named.erasureId)]
        : await system.erasures.listOfPerson(named.userDigest, limit);
    return found
      .filter((erasure) => erasure !== null)
      .filter((erasure) => state === null || erasure.state === state);
  });
}

/**
 * One erasure of any organization for the operator, by its id or by that of its user: the newest of them. Refuses with
 * `not_found` (erasure).
 */
export async function getErasureDossier(core: Core, reference: string): Promise<ErasureDossier> {
  const named = readErasureReference(reference);
  return core.work.readSystem('operator', async (system) => {
    const erasure =
      named !== null && 'userDigest' in named
        ? ((await system.erasures.listOfPerson(named.userDigest, 1))[0] ?? null)
        : await system.erasures.find(named?.erasureId ?? reference);
    if (erasure === null) throw refuse('not_found', { noun: 'erasure' });
    const revocations = await system.within(erasure.orgKey).revocations.listOfErasure(erasure.id);
    return { erasure, revocations };
  });
}
