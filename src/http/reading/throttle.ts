/**
 * Limits how often one network may call a group of routes. The database counts, so that all processes share the
 * count and it survives a restart. It stores a keyed digest of the network, never the address.
 */
import { refuseWait } from '../../core/access/throttle.ts';
import type { Core } from '../../core/core.ts';
import type { NetworkThrottle } from '../contract.ts';

/** Counts a call. Refuses with `rate_limited` if the network has used up its quota. */
export async function countNetwork(core: Core, bucket: NetworkThrottle, network: string): Promise<void> {
  const subject = core.secrets.keyedDigest('network', network);
  const quotas = [core.policy.networkQuotas[bucket]];
  const wait = await core.work.changeSystem(
    'throttle',
    (tx) => tx.throttles.hit(bucket, subject, quotas, core.clock.now()),
    { isAwaited: true },
  );
  refuseWait(wait);
}
