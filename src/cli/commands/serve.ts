/**
 * Serves until a signal stops it: in this process, or in several workers that this process starts and supervises.
 * Loads the code for one of the two only when it is needed.
 */
import { type LoadedConfig, readConfig } from '../../config/config.ts';
import type { Handler, Outcome } from '../command.ts';
import { npmEnd } from '../serving/npm-end.ts';
import { stopSignal } from '../serving/stop-signal.ts';
import { findAssignment } from '../serving/worker-message.ts';

export const serve: Handler = async ({ env, find }) => {
  const signal = stopSignal();
  const loaded = readConfig(env);
  const beginsAnew = find('begin-anew') !== undefined;
  const assignment = findAssignment(env);
  if (loaded.config.workers > 1 && assignment !== null) {
    return (await import('../serving/worker.ts')).serveAsWorker(assignment, loaded, signal);
  }
  const stopped = Promise.race([signal, npmEnd(env).then(() => 'npm has ended')]);
  if (loaded.config.workers === 1) return serveAlone(loaded, { stopped, beginsAnew });
  return (await import('../serving/supervisor.ts')).supervise(loaded, env, { stopped, beginsAnew });
};

async function serveAlone(
  loaded: LoadedConfig,
  { stopped, beginsAnew }: { readonly stopped: Promise<string>; readonly beginsAnew: boolean },
): Promise<Outcome> {
  const { introduce, startServer, stopServer } = await import('../serving/server.ts');
  const server = await startServer(loaded, { beginsAnew });
  try {
    const said = await introduce(server, loaded, performance.timeOrigin);
    return { ...said, running: stopped.then((reason) => stopServer(server, reason)) };
  } catch (error) {
    await server.app.close();
    throw error;
  }
}
