/**
 * Ends grants at their providers, with a lane for each provider. A claim takes a lease and counts the attempt; an
 * attempt without the provider's confirmation is retried without an end. A revocation that is past its deadline becomes
 * overdue, also where its provider is switched off. After a crash the lease expires, and the next attempt continues from
 * the committed state.
 */

import { ClockWatch } from '../core/clock-watch.ts';
import type { Core } from '../core/core.ts';
import type { Provider } from '../core/providers/provider.ts';
import { type Revocation, revocationLeaseMs } from '../core/providers/revocation.ts';
import { attemptRevocation, markOverdue } from '../core/providers/revoke.ts';
import { secondMs } from '../core/time.ts';
import type { Journal } from './journal.ts';
import { createLanes, lanesByProvider } from './lanes.ts';
import type { Job } from './runner.ts';

const lateMax = 100;

export function createRevokeGrantsJob(
  core: Core,
  journal: Journal,
  watch: Pick<ClockWatch, 'isSteady'> = new ClockWatch(core.clock),
): Job {
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
      // An operator is told of each, so the clock must not be wrong.
      const late = watch.isSteady()
        ? await core.work.readSystem('job', (tx) => tx.revocations.listMissed(now, lateMax))
        : [];
      for (const revocation of late) {
        await markOverdue(core, revocation);
        journal.note('revocation', {
          revocationId: revocation.id,
          provider: revocation.provider,
          attempt: revocation.attempts,
          result: 'overdue',
        });
      }
      const isFull = await lanes.fill(
        lanesByProvider(core, {
          claim: (tx, provider, limit) =>
            tx.revocations.claim(provider, core.clock.now(), revocationLeaseMs, limit),
          work: attempt,
        }),
      );
      return isFull || late.length === lateMax;
    },
    finish: () => lanes.settled(),
  };
}
