/**
 * A process that serves, alone or as one of several workers. On an empty directory the first one makes an
 * organization and shows its credentials; of several that start at once on one directory exactly one does.
 */
import { type App, createApp, type Sample } from '../../app/create-app.ts';
import type { Reading } from '../../config/config.ts';
import type { Core } from '../../core/core.ts';
import { initialise, type NewOrganization } from '../../core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../core/errors.ts';
import type { Outcome } from '../command.ts';
import { defaultName, toJson } from '../commands/organizations.ts';
import { placeOf } from '../directory-location.ts';
import { door } from '../operator.ts';
import { renderBanner } from './banner.ts';
import { restWhenIdle } from './rest.ts';

/** An app that is listened to. */
export interface Server {
  readonly app: App;
  /** Where it answers, as people write it. */
  readonly url: string;
}

/** Opens the directory and listens; what can fail has failed after it. */
export async function startServer(
  { config, secrets }: Reading,
  turn: Parameters<App['listen']>[0] = 'alone',
): Promise<Server> {
  const app = await createApp({ config, secrets });
  try {
    endOnFault(app);
    const url = localUrl(await app.listen(turn));
    restWhenIdle();
    return { app, url };
  } catch (error) {
    await app.close();
    throw error;
  }
}

/**
 * Makes the first organization where there is none, and says where everything is. Credentials are shown once, so it
 * is asked of a server that is listened to. `startedAt`: when the program was started, in epoch milliseconds.
 */
export async function introduce(
  { app, url }: Server,
  { config, secrets, unknownNames }: Reading,
  startedAt: number,
): Promise<Pick<Outcome, 'json' | 'text'>> {
  if (unknownNames.length > 0) app.journal.note('unknown settings', { names: unknownNames.join(' ') });
  const { ledger } = app.core;
  if (ledger.id === null) app.journal.note('no ledger of erasures is kept', { folder: config.dataDir });
  const made = await initialiseOnce(app.core);
  const readyMs = Math.round(performance.timeOrigin + performance.now() - startedAt);
  return {
    json: { url, reference: `${url}/docs`, readyMs, ...(made === null ? {} : toJson(made)) },
    text: renderBanner({
      url,
      place: placeOf(config, secrets),
      ledgerFolder: ledger.id === null ? null : config.dataDir,
      readyMs,
      made,
      samples: made === null ? [] : samplesFor(app, made),
    }),
  };
}

/** A fault that nobody caught ends the process; the log keeps its place and leaves out what it may quote. */
function endOnFault({ journal }: App): void {
  process.on('uncaughtException', (error) => {
    journal.fault('the process ends on a fault', error);
    process.exit(1);
  });
}

/** The first organization; null where there is one already. */
async function initialiseOnce(core: Core): Promise<NewOrganization | null> {
  try {
    return await initialise(core, door, defaultName);
  } catch (error) {
    if (isRefusal(error, 'wrong_state')) return null;
    throw error;
  }
}

function samplesFor(app: App, { app: { id: appId }, appKey, apiKey }: NewOrganization): readonly Sample[] {
  return app.samples({ appId, appKey, apiKey });
}

/** The address as people write it: a socket that listens on this machine, or everywhere, answers to its own name. */
function localUrl(address: string): string {
  const url = new URL(address);
  const isHere = /^(127\.0\.0\.1|0\.0\.0\.0|\[::1?\])$/.test(url.hostname);
  return isHere ? `http://localhost:${url.port}` : url.origin;
}
