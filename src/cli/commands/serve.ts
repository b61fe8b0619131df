/**
 * Serves until a signal stops it: in this process, or in several workers that this process starts and supervises.
 * Loads the code for one of the two only when it is needed.
 */
import { type LoadedConfig, readConfig } from '../../config/config.ts';
import type { Handler, Outcome } from '../command.ts';
import { stopSignal } from '../serving/stop-signal.ts';
import { findAssignment } from '../serving/worker-message.ts';

export const serve: Handler = async ({ env }) => {
  const stopped = stopSignal();
  const loaded = readConfig(env);
  if (loaded.config.workers === 1) return serveAlone(loaded, stopped);
  const assignment = findAssignment(env);
  if (assignment === null) return (await import('../serving/supervisor.ts')).supervise(loaded, env, stopped);
  return (await import('../serving/worker.ts')).serveAsWorker(assignment, loaded, stopped);
};

async function serveAlone(loaded: LoadedConfig, stopped: Promise<void>): Promise<Outcome> {
  const { introduce, startServer } = await import('../serving/server.ts');
  const server = await startServer(loaded);
  try {
    const said = await introduce(server, loaded, performance.timeOrigin);
    return { ...said, meanwhile: stopped.then(() => server.app.close()) };
  } catch (error) {
    await server.app.close();
    throw error;
  }
}
