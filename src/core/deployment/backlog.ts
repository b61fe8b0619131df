/**
 * The backlog of a directory: messages to send, erasures to complete and grants to end, for the monitoring of a
 * deployment. It names no person, and every process reads the same.
 */

import type { Core } from '../core.ts';
import type { ErasureSummary } from '../erasure/erasure.ts';
import type { MessageLane } from '../messaging/lane.ts';
import type { RevocationSummary } from '../providers/revocation.ts';

/** Instants are epoch milliseconds, null where nothing waits. */
export interface Backlog {
  readonly messages: {
    readonly queued: number;
    readonly since: number | null;
    /** The lanes in which messages are due, with the time at which the oldest of them was written. */
    readonly due: readonly { readonly lane: MessageLane; readonly since: number }[];
  };
  readonly erasures: ErasureSummary;
  /** Open revocations by provider, with zeros for a provider that is switched on and has none. */
  readonly revocations: readonly (Pick<RevocationSummary, 'provider' | 'pending' | 'overdue'> & {
    readonly since: number | null;
  })[];
}

/** Reads the backlog from indexes that hold only open rows. */
export async function readBacklog(core: Core): Promise<Backlog> {
  return core.work.readSystem('operator', async (tx) => {
    const open = await tx.revocations.summarize();
    const idle = core.providers.list().filter(({ name }) => open.every(({ provider }) => provider !== name));
    return {
      messages: { ...(await tx.messages.summarize()), due: await tx.messages.listOldestDue() },
      erasures: await tx.erasures.summarize(),
      revocations: [
        ...open,
        ...idle.map(({ name }) => ({ provider: name, pending: 0, overdue: 0, since: null })),
      ],
    };
  });
}
