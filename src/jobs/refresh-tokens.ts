/** Refreshes the tokens of connections before they expire, with a lane for each provider. */

import type { Core } from '../core/core.ts';
import { type Connection, refreshLeaseMs } from '../core/providers/connection.ts';
import type { Provider } from '../core/providers/provider.ts';
import { refreshConnection } from '../core/providers/refresh.ts';
import { secondMs } from '../core/time.ts';
import type { Journal } from './journal.ts';
import { createLanes, lanesByProvider } from './lanes.ts';
import type { Job } from './runner.ts';

export function createRefreshTokensJob(core: Core, journal: Journal): Job {
  const lanes = createLanes();

  async function refresh(connection: Connection, provider: Provider): Promise<void> {
    try {
      const outcome = await refreshConnection(core, connection, provider);
      if (outcome === 'refreshed') return;
      journal.note('refresh', { connectionId: connection.id, provider: provider.name, outcome });
    } catch (error) {
      journal.fault('refreshing tokens failed', error);
    }
  }

  return {
    name: 'refresh_tokens',
    topic: null,
    pauseMs: 5 * secondMs,
    run() {
      return lanes.fill(
        lanesByProvider(core, {
          claim: (tx, provider, limit) =>
            tx.connections.claimRefreshes(provider, core.clock.now(), refreshLeaseMs, limit),
          work: refresh,
        }),
      );
    },
    finish: () => lanes.settled(),
  };
}
