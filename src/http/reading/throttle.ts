/** Counts the calls of networks, and refuses those beyond a limit. */

import type { NetworkWidth } from '../../core/access/network.ts';
import { hitNetwork, NetworkTally } from '../../core/access/network-throttle.ts';
import { refuseWait } from '../../core/access/throttle.ts';
import type { Core } from '../../core/core.ts';
import type { NetworkThrottle } from '../contract.ts';

/** Counts a call of the network. Refuses with `rate_limited` if the network has used up its quota. */
export type CountNetwork = (bucket: NetworkThrottle, network: string) => Promise<void> | void;

/** `onThrottled` gets each refused call. */
export function createNetworkThrottle(core: Core, onThrottled?: (width: NetworkWidth) => void): CountNetwork {
  const tally = new NetworkTally(core.clock);

  return (bucket, network) => {
    if (bucket !== 'page') return countDurably(bucket, network);
    const { networkQuotas, networkFactors } = core.policy;
    return refuse(tally.hit(network, networkQuotas[bucket], networkFactors));
  };

  async function countDurably(bucket: NetworkThrottle, network: string): Promise<void> {
    refuse(await hitNetwork(core, bucket, network));
  }

  function refuse(refused: ReturnType<NetworkTally['hit']>): void {
    if (refused === null) return;
    onThrottled?.(refused.width);
    refuseWait(refused.waitMs);
  }
}
