/**
 * What a directory has still to do: messages to send, erasures and grants to bring to their end. For whoever watches a
 * deployment; the answer names nobody, and is the same whichever process gives it.
 */

import type { Core } from '../core.ts';
import type { ErasureSummary } from '../erasure/erasure.ts';
import type { RevocationSummary } from '../providers/revocation.ts';

/** Instants are epoch milliseconds, null where nothing waits. */
export interface Backlog {
  readonly messages: { readonly queued: number; readonly since: number | null };
  readonly erasures: ErasureSummary;
  /** Grants that are to end, by provider; also of providers that are switched on and have none. */
  readonly revocations: readonly (Pick<RevocationSummary, 'provider' | 'pending' | 'overdue'> & {
    readonly since: number | null;
  })[];
}

/** Reads the backlog, by indexes that hold nothing but what is open. */
export async function readBacklog(core: Core): Promise<Backlog> {
  return core.work.readSystem('operator', async (tx) => {
    const open = await tx.revocations.summarize();
    const idle = core.providers.list().filter(({ name }) => open.every(({ provider }) => provider !== name));
    return {
      messages: await tx.messages.summarize(),
      erasures: await tx.erasures.summarize(),
      revocations: [
        ...open,
        ...idle.map(({ name }) => ({ provider: name, pending: 0, overdue: 0, since: null })),
      ],
    };
  });
}
