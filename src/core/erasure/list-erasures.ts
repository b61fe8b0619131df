/** Reads erasures: an admin API key those of its organization, the operator all of them. */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import type { Revocation } from '../providers/revocation.ts';
import type { Erasure, ErasureState } from './erasure.ts';

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

/** Erasures of every organization for the operator, newest first; `state` null: of any state. */
export function listErasures(
  core: Core,
  { state, limit }: { readonly state: ErasureState | null; readonly limit: number },
): Promise<readonly Erasure[]> {
  return core.work.readSystem('operator', (tx) => tx.erasures.list(state, limit));
}

/** One erasure of any organization for the operator. Refuses with `not_found` (erasure). */
export async function getErasureDossier(core: Core, id: string): Promise<ErasureDossier> {
  return core.work.readSystem('operator', async (system) => {
    const erasure = await system.erasures.find(id);
    if (erasure === null) throw refuse('not_found', { noun: 'erasure' });
    const revocations = await system.within(erasure.orgKey).revocations.listOfErasure(id);
    return { erasure, revocations };
  });
}
