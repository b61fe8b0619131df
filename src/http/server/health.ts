/**
 * The routes that say whether the process is alive, and whether it is ready for requests. Alive says nothing about
 * the database, so that a supervisor does not restart a process because of a fault that a restart cannot repair.
 */
import { refuse } from '../../core/errors.ts';
import { secondMs } from '../../core/time.ts';
import type { PageRoute } from '../page.ts';

/** A readiness check that takes longer counts as failed. */
const readinessTimeoutMs = 2 * secondMs;

/**
 * `readiness` rejects, or resolves with false, when the server cannot serve requests now. A server that sheds some requests, to serve
 * the others, is ready: another answer would send its share of the load to servers that have too much themselves.
 */
export function healthRoutes(
  readiness: () => Promise<boolean>,
  isShedding: () => boolean,
): readonly PageRoute[] {
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
        if (!(await isReady(readiness))) throw refuse('unavailable', { retryAfterSeconds: 1 });
        return { status: 200, body: { status: 'ready', ...(isShedding() ? { degraded: true } : {}) } };
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
