/** Who states a receipt or an export: one organization of this deployment. */
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import type { SystemTx } from '../unit-of-work.ts';
import type { Stater } from './receipt.ts';

/** A step: the organization as it is named now, and the address of the deployment. */
export async function findStater(
  { issuer }: Pick<Core, 'issuer'>,
  tx: Pick<SystemTx, 'organizations'>,
  orgKey: OrgKey,
): Promise<Stater> {
  const { id, name } = await tx.organizations.getByKey(orgKey);
  return { iss: issuer(), organization: { id, name } };
}
