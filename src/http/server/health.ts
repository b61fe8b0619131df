/**
 * The routes that say whether the process is alive, and whether it is ready for requests. Alive says nothing about
 * the database, so that a supervisor does not restart a process because of a fault that a restart cannot repair.
 */

import type { Weakness } from '../../core/deployment/weakness.ts';
import { refuse } from '../../core/errors.ts';
import { secondMs } from '../../core/time.ts';
import type { PageRoute } from '../page.ts';

/** A readiness check that takes longer counts as failed. */
const readinessTimeoutMs = 2 * secondMs;
/** How long a good check is good for further calls; after a failure the next call looks again. */
const reuseMs = 100;

/** What the answers say of the server. */
export interface Health {
  /** Rejects, or resolves with false, when the server cannot serve requests now. Asks the database. */
  readiness(): Promise<boolean>;
  /** A server that stops is ready for no further request. */
  readonly isClosing: boolean;
  /**
   * A server that refuses some requests is ready, and degraded: another answer would send its share of the load to servers that have
   * too much themselves, and no other server of the deployment has better data.
   */
  readonly weaknesses: readonly Weakness[];
}

export function healthRoutes(health: Health): readonly PageRoute[] {
  let last: { readonly at: number; readonly check: Promise<boolean> } | null = null;
  const isReadyLately = async (): Promise<boolean> => {
    const at = performance.now();
    if (last === null || at - last.at >= reuseMs) last = { at, check: isReady(() => health.readiness()) };
    const { check } = last;
    const found = await check;
    if (!found && last?.check === check) last = null;
    return found;
  };
  return [
    {
      method: 'GET',
      path: '/healthz',
      operationId: 'health',
      isUnlimited: true,
      handle: async () => ({ status: 200, body: { status: 'ok' } }),
    },
    {
      method: 'GET',
      path: '/readyz',
      operationId: 'readiness',
      isUnlimited: true,
      async handle() {
        if (health.isClosing || !(await isReadyLately()))
          throw refuse('unavailable', { retryAfterSeconds: 1 });
        const reasons = health.weaknesses;
        const degraded = reasons.length === 0 ? {} : { degraded: true, reasons };
        return { status: 200, body: { status: 'ready', ...degraded } };
      },
    },
  ];
}

function isReady(readiness: () => Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, readinessTimeoutMs, false);
    const settle = (isReady: boolean): void => {
      clearTimeout(timer);
      resolve(isReady);
    };
    readiness().then(settle, () => settle(false));
  });
}
