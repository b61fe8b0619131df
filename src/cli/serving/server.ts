/**
 * A process that serves, alone or as one of several workers. On an empty directory it creates an organization and
 * prints its credentials; of several processes that start on one directory at the same time exactly one does.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type App, createApp, type Sample, type Shared } from '../../app/create-app.ts';
import type { Config, LoadedConfig } from '../../config/config.ts';
import { settings } from '../../config/settings.ts';
import type { Core } from '../../core/core.ts';
import { initialise, type NewOrganization } from '../../core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../core/errors.ts';
import type { Outcome } from '../command.ts';
import { defaultName, toJson } from '../commands/organizations.ts';
import { locationOf } from '../directory-location.ts';
import { door } from '../operator.ts';
import { readVersion } from '../program.ts';
import { PrivateFile } from '../transfer/private-file.ts';
import { type CredentialsPlace, credentialLines, renderBanner } from './banner.ts';
import { type ConsoleLink, showConsoleLink } from './console-link.ts';
import { freeMemoryWhenIdle } from './idle-memory.ts';

/** An app that accepts connections. */
export interface Server {
  readonly app: App;
  /** Its address, as people write it. */
  readonly url: string;
}

interface StartOptions {
  readonly shared?: Shared;
  /** Whether an empty directory may begin where the data folder has records of another one. */
  readonly beginsAnew: boolean;
}

/** Opens the directory and listens. After it no step of a start is left that can fail. */
export async function startServer(
  { config, secrets }: LoadedConfig,
  { shared, beginsAnew }: StartOptions,
): Promise<Server> {
  const app = await createApp({ config, secrets, beginsAnew });
  try {
    endOnFault(app);
    const url = localUrl(await app.listen(shared));
    const database = locationOf(config, secrets).at;
    app.journal.note('the server has started', { address: url, database, version: readVersion() });
    freeMemoryWhenIdle();
    return { app, url };
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Stops the server: it answers the open requests and lets its jobs end. `reason` is for the log. */
export async function stopServer({ app }: Server, reason: string): Promise<void> {
  app.journal.note('the server stops', { reason });
  await app.close();
  app.journal.note('the server has stopped', {});
}

/**
 * Creates the first organization if there is none, and describes the server. Credentials are shown only once, so call
 * this after the server accepts connections. `startedAt` is the start of the program in epoch milliseconds.
 */
export async function introduce(
  { app, url }: Server,
  { config, secrets, unknownNames }: LoadedConfig,
  startedAt: number,
): Promise<Pick<Outcome, 'json' | 'text'>> {
  if (unknownNames.length > 0) app.journal.warn('unknown settings', { names: unknownNames.join(' ') });
  if (config.sms.kind !== 'outbox' && config.sms.countries === 'all')
    app.journal.warn('text messages may go to every country', { [settings.smsCountries.name]: 'all' });
  if (config.sms.kind !== 'outbox' && config.sms.budgetDay === null)
    app.journal.warn('text messages have no budget', { [settings.smsBudgetDay.name]: 'none' });
  const { ledger } = app.core;
  if (ledger.id === null) app.journal.note('no ledger of erasures is kept', { folder: config.dataDir });
  if (app.replayed.isOtherLedger)
    app.journal.warn('the database knows another ledger of erasures than this one', {
      folder: config.dataDir,
    });
  if (isDemoMissing(config))
    app.journal.note('the demo provider is off', { [settings.workers.name]: config.workers });
  const created = await initialiseOnce(app.core);
  const credentials = created === null ? null : await showCredentials(created, config);
  const consoleLink = await showConsoleLink(app.core, config);
  const readyMs = Math.round(performance.timeOrigin + performance.now() - startedAt);
  return {
    json: {
      url,
      ...(config.hasReference ? { reference: `${url}/docs` } : {}),
      readyMs,
      ...(consoleLink === null ? {} : { console: consoleJson(consoleLink) }),
      ...(created === null || credentials === null ? {} : credentialsJson(created, credentials)),
    },
    text: renderBanner({
      url,
      hasReference: config.hasReference,
      location: locationOf(config, secrets),
      ledgerFolder: ledger.id === null ? null : config.dataDir,
      isDemoMissing: isDemoMissing(config),
      console: config.hasConsole ? { link: consoleLink } : null,
      readyMs,
      created: created === null || credentials === null ? null : { ...created, credentials },
      samples: created === null ? [] : samplesFor(app, created),
    }),
  };
}

/**
 * Where a person finds the first credentials: on standard output in development, where the person looks at it. In production
 * the output is a log that others read and store, so it has none: they are in a file that only its owner reads. Where
 * the process has no folder either, new ones are made on the command line.
 */
async function showCredentials(
  created: NewOrganization,
  { isProduction, dataDir }: Config,
): Promise<CredentialsPlace> {
  if (!isProduction) return { at: 'output' };
  if (!existsSync(dataDir)) return { at: 'nowhere' };
  const path = join(dataDir, 'first-credentials');
  const file = await PrivateFile.create(path, { replaces: true });
  await file.write(`${credentialLines(created)}\n`);
  await file.keep();
  return { at: 'file', path };
}

function consoleJson(link: ConsoleLink): Readonly<Record<string, unknown>> {
  const { email } = link;
  return link.at === 'output' ? { email, link: link.link } : { email, linkFile: link.path };
}

function credentialsJson(
  created: NewOrganization,
  place: CredentialsPlace,
): Readonly<Record<string, unknown>> {
  const { organization, app, ...secrets } = toJson(created);
  if (place.at === 'output') return { organization, app, ...secrets };
  const file = place.at === 'file' ? { credentialsFile: place.path } : {};
  return { organization, app: { appId: app.appId }, ...file };
}

/** Whether the number of processes switches the demo provider off: its memory is that of one process. */
function isDemoMissing({ isProduction, workers }: Config): boolean {
  return !isProduction && workers > 1;
}

/** An uncaught fault ends the process. The log has its stack, without the message: it may quote a person's data. */
function endOnFault({ journal }: App): void {
  process.on('uncaughtException', (error) => {
    journal.fault('the process ends on a fault', error);
    process.exit(1);
  });
}

/** The first organization; null if there is one already. */
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

/** The address as people write it: `localhost` for a socket on the loopback interface or on all interfaces. */
function localUrl(address: string): string {
  const url = new URL(address);
  const isHere = /^(127\.0\.0\.1|0\.0\.0\.0|\[::1?\])$/.test(url.hostname);
  return isHere ? `http://localhost:${url.port}` : url.origin;
}
