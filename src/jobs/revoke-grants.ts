/**
 * Ends grants at their providers. A claim takes a lease and counts the attempt; each attempt ends with the provider's
 * confirmation or is tried again, for ever. What is past its deadline becomes overdue, whether or not its provider is
 * switched on. Killed at any moment, the lease runs out and the next attempt finds what was written down.
 */

import type { Core } from '../core/core.ts';
import type { Provider } from '../core/providers/provider.ts';
import { type Revocation, revocationLeaseMs } from '../core/providers/revocation.ts';
import { attemptRevocation, markOverdue } from '../core/providers/revoke.ts';
import { secondMs } from '../core/time.ts';
import type { Journal } from './journal.ts';
import { createLanes } from './lanes.ts';
import type { Job } from './runner.ts';

const missedMax = 100;

export function createRevokeGrantsJob(core: Core, journal: Journal): Job {
  const lanes = createLanes();

  async function attempt(revocation: Revocation, provider: Provider): Promise<void> {
    try {
      const result = await attemptRevocation(core, revocation, provider);
      journal.note('revocation', {
        revocationId: revocation.id,
        provider: provider.name,
        attempt: revocation.attempts,
        ...(result === 'changed' ? { result } : { result: result.kind, outcome: result.outcome }),
      });
    } catch (error) {
      journal.fault('ending a grant failed', error);
    }
  }

  return {
    name: 'revoke_grants',
    topic: 'revocations',
    pauseMs: secondMs,
    async run() {
      const now = core.clock.now();
      const missed = await core.work.readSystem('job', (tx) => tx.revocations.listMissed(now, missedMax));
      for (const revocation of missed) {
        await markOverdue(core, revocation);
        journal.note('revocation', {
          revocationId: revocation.id,
          provider: revocation.provider,
          attempt: revocation.attempts,
          result: 'overdue',
        });
      }
      const isFull = await lanes.fill(
        core.providers.list().map((provider) => ({
          name: provider.name,
          claim: (room) =>
            core.work.changeSystem('job', (tx) =>
              tx.revocations.claim(provider.name, core.clock.now(), revocationLeaseMs, room),
            ),
          work: (revocation: Revocation) => attempt(revocation, provider),
        })),
      );
      return isFull || missed.length === missedMax;
    },
    finish: () => lanes.settled(),
  };
}
