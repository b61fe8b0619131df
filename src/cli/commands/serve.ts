/**
 * Serves until it is told to stop. On an empty directory the first start makes an organization; of several
 * processes that start at once on one folder exactly one does, and shows the credentials.
 */
import { type App, createApp, type Sample } from '../../app.ts';
import { readConfig } from '../../config.ts';
import type { Core } from '../../core/core.ts';
import { initialise, type NewOrganization } from '../../core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../core/errors.ts';
import { renderBanner } from '../banner.ts';
import type { Handler } from '../command.ts';
import { door } from '../operator.ts';
import { defaultName, toJson } from './organizations.ts';

export const serve: Handler = async ({ env }) => {
  const stopped = stopSignal();
  const { config, secrets, unknownNames } = readConfig(env);
  const app = await createApp({ config, secrets });
  try {
    endOnFault(app);
    if (unknownNames.length > 0) app.journal.note('unknown settings', { names: unknownNames.join(' ') });
    // Credentials are shown once, so nothing is made before it is certain that this process serves.
    const url = localUrl(await app.listen());
    const made = await initialiseOnce(app.core);
    // The origin of `performance` is the start of the process.
    const readyMs = Math.round(performance.now());
    return {
      json: { url, reference: `${url}/docs`, readyMs, ...(made === null ? {} : toJson(made)) },
      text: renderBanner({ url, config, readyMs, made, samples: made === null ? [] : samplesFor(app, made) }),
      meanwhile: stopped.then(() => app.close()),
    };
  } catch (error) {
    await app.close();
    throw error;
  }
};

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

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/** One control-C arrives twice where npm is in between, which passes on what the terminal has sent to both. */
const sameSignalMs = 300;

/** Resolves at the first signal to stop; a second one ends the process as the signal itself would have. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | null = null;
    for (const [signal, number] of Object.entries(signalNumbers)) {
      process.on(signal, () => {
        const now = performance.now();
        firstAt ??= now;
        if (now - firstAt > sameSignalMs) process.exit(128 + number);
        resolve();
      });
    }
  });
}
