/**
 * The composition root: builds the whole program from plain values. The folder `src/app` is the only room that knows
 * every part. An app serves a directory (`open-directory.ts`). The parts that only an app needs are loaded here with
 * `import()`, so that commands start quickly.
 */

import { settings } from '../config/settings.ts';
import type { User } from '../core/directory/user.ts';
import { notePosition } from '../core/erasure/ledger-position.ts';
import { ensureSigner, findKeyFaults } from '../core/erasure/receipt-key.ts';
import { isRefusal } from '../core/errors.ts';
import { outboxSender } from '../gateways/outbox-sender.ts';
import type { Contract, SampleCall, SampleCredentials } from '../http/contract.ts';
import type { Logger } from '../http/log.ts';
import type { MetricsServer } from '../http/server/metrics-server.ts';
import type { Journal } from '../jobs/journal.ts';
import type { Runner } from '../jobs/runner.ts';
import { listenFault, publicAddress } from './listen.ts';
import type { Snapshot } from './metrics.ts';
import { type Directory, type DirectoryOptions, openCore } from './open-directory.ts';
import { readOpenFilesMax, socketsWithin } from './open-files.ts';
import { createSenders, type Senders } from './senders.ts';
import { type FileWatch, watchFiles, watchPauseMs } from './watch-files.ts';

export interface AppOptions extends DirectoryOptions {
  /** Default: lines on standard error. */
  readonly logger?: Logger;
  /** The pause between two looks at the files, in milliseconds. Default: two seconds. */
  readonly watchPauseMs?: number;
  /** The senders of messages. Default: those that the settings name. */
  readonly senders?: Senders;
}

/** A directory that is served. */
export interface App extends Directory {
  /** Writes to the log of the app. */
  readonly journal: Journal;
  /**
   * Starts the server, then the jobs. Returns the address, such as `http://127.0.0.1:8080`. A process that serves alone
   * also serves metrics, if the settings ask for them.
   *
   * Several processes can listen at one address together, each on a socket that it was started with (`SharedSocket`).
   *
   * @throws {ConfigError} if the address cannot be listened at.
   */
  listen(shared?: Shared): Promise<string>;
  /** The metrics of this process, with `isWhole` also the backlog of the directory; empty if metrics are off. */
  readMetrics(isWhole: boolean): Promise<Snapshot>;
  /** One call to each contract with the credentials of a new deployment. */
  samples(credentials: SampleCredentials): readonly Sample[];
  /** Answers the open requests, lets the jobs end, and closes all parts. A second call waits for the first. */
  close(): Promise<void>;
}

/** The place of a process among several. */
export interface Shared {
  /** The open file that is its socket. */
  readonly file: number;
  readonly isFirst: boolean;
}

/** A call to one contract, as its document writes it. */
export interface Sample extends SampleCall {
  readonly title: string;
}

/** The user as each contract that shows users presents it, by the contract's name. */
export async function presentUser(user: User, now: number): Promise<Readonly<Record<string, unknown>>> {
  const { contracts } = await import('../contracts/index.ts');
  const { showUserAs } = await import('../http/show-user.ts');
  return showUserAs(contracts)(user, now);
}

/**
 * Builds the app. It serves no request and runs no job before `listen`.
 *
 * @throws {ConfigError} if the folder or the database cannot be used.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { config } = options;
  const [
    { contracts },
    { createServer },
    { defaultHttpSettings },
    log,
    { createProgramLogger },
    { createPages },
    { isPageBuilt },
    { consoleFolder },
    { homePage },
    { createSiteTexts },
    { createJobs },
    { startJobs },
  ] = await Promise.all([
    import('../contracts/index.ts'),
    import('../http/server/server.ts'),
    import('../http/settings.ts'),
    import('../http/log.ts'),
    import('./program-logger.ts'),
    import('../pages/pages.ts'),
    import('../pages/connect/connect-assets.ts'),
    import('../pages/console/console-page.ts'),
    import('../pages/home/home-page.ts'),
    import('../pages/site-texts.ts'),
    import('../jobs/jobs.ts'),
    import('../jobs/runner.ts'),
  ]);
  const plain = options.logger ?? createProgramLogger(config);
  const metrics = config.metrics === null ? null : await import('./metrics.ts');
  const meter = metrics?.createMeter();
  const logger = meter?.loggerFrom(plain) ?? plain;
  // Commits before the jobs start wake no job: each job begins with a run over all that is due.
  let runner: Runner | undefined;
  const {
    store,
    hasher,
    address,
    providers,
    abilities,
    pageTexts,
    close: closeDirectory,
    ...directory
  } = await openCore(options, {
    ...meter?.hooks,
    onCommitted(topics) {
      for (const topic of topics) runner?.wake(topic);
    },
    onOutage: log.createOutageReporter(logger, 'the database is away'),
    onStandbyOutage: log.createOutageReporter(
      logger,
      'no standby can be read: the leader answers in its place',
    ),
    onDamage: (pages) => logger.error({ pages }, 'the database has damaged pages: run `roster check`'),
    onFolderOutage: log.createOutageReporter(logger, 'the data folder cannot be written'),
    onListOutage: log.createOutageReporter(logger, 'the file of breached passwords cannot be read'),
    onLedgerFault: ({ message }) =>
      logger.error({ fault: message }, 'the ledger of erasures was changed by another program'),
  });
  const { core } = directory;
  try {
    await prepareKeys(directory, logger);
  } catch (error) {
    await closeDirectory();
    throw error;
  }
  const toLog: Journal = {
    note: (event, fields) => logger.info(fields, event),
    warn: (event, fields) => logger.warn(fields, event),
    fault(event, error) {
      // A machine of the database that is away is told once, not with each work that needs it.
      if (isRefusal(error, 'unavailable') && store.leavesOut()) return;
      logger.error(log.faultFields(error), event);
    },
  };
  const journal = meter?.journalFrom(toLog) ?? toLog;
  const senders = options.senders ?? (await createSenders(options, abilities));
  const texts = createSiteTexts(pageTexts);
  const { hasConsole } = config;
  const served = hasConsole ? contracts : contracts.filter(({ name }) => name !== 'console');
  const openFilesMax = readOpenFilesMax();
  const socketsMax = socketsWithin(config.socketsMax, openFilesMax);
  let watch: FileWatch | undefined;
  const server = createServer({
    core,
    contracts: served,
    fallback: 'organization',
    pages: createPages(core, texts, config),
    ...(hasConsole ? { home: homePage(config) } : {}),
    mounts: await providers.mounts(),
    settings: { ...defaultHttpSettings, ...config, socketsMax },
    publicUrl: () => address.publicUrl,
    documentUrl: () => address.documentUrl,
    logger,
    ...(meter === undefined ? {} : { meter: meter.server }),
    readiness: async () => {
      await store.ping();
      return watch?.isWritable !== false;
    },
    weaknesses: () => watch?.weaknesses ?? [],
  });
  const readMetrics = async (isWhole: boolean): Promise<Snapshot> =>
    (await meter?.read({ core, store, hasher, server }, isWhole)) ?? [];
  /** Serves metrics until the app closes. */
  const showMetrics = async (): Promise<MetricsServer | undefined> => {
    if (metrics === null || config.metrics === null) return undefined;
    return metrics.showMetrics(config.metrics, {
      read: async () => metrics.metricsText(await readMetrics(true)),
      onServed: (url) => journal.note('metrics are served', { address: url }),
      onFault: (error) => journal.fault('reading the metrics failed', error),
    });
  };
  let shown: MetricsServer | undefined;

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    // The order matters: each part may need those that close after it to finish its work.
    await shown?.close();
    await server.close();
    await watch?.close();
    await runner?.stop();
    await notePosition(core).catch((error: unknown) => {
      journal.fault('the position in the ledger of erasures was not stored', error);
    });
    meter?.close();
    await Promise.all(Object.values(senders).map((sender) => sender.close()));
    await closeDirectory();
  };
  return {
    ...directory,
    journal,
    async listen(shared) {
      // Listen before the jobs start: if one of the two addresses is taken, no request was answered and no due work done.
      if (shared === undefined) shown = await showMetrics();
      let url: string;
      try {
        url = await server.listen(shared === undefined ? config : { fd: shared.file });
      } catch (error) {
        throw listenFault(error, config, publicAddress);
      }
      address.listensAt(url);
      if (openFilesMax !== null && socketsMax < config.socketsMax) {
        journal.warn('the limit of open files allows fewer connections: raise it (`ulimit -n`)', {
          ...{ openFilesMax, connections: socketsMax, [settings.socketsMax.name]: config.socketsMax },
        });
      }
      if (shared?.isFirst !== false && !isPageBuilt()) {
        journal.warn('the Connect page is not built: run `npm run build`', {});
      }
      if (shared?.isFirst !== false && hasConsole && !isPageBuilt(consoleFolder)) {
        journal.warn('the console is not built: run `npm run build`', {});
      }
      await store.freeClaims(core.clock.now());
      const sending = { senders, outbox: outboxSender, concurrency: config.sendConcurrency };
      const pauseMs = options.watchPauseMs ?? watchPauseMs;
      watch = watchFiles({ store, ledger: core.ledger, folder: config.dataDir, pauseMs, logger });
      runner = startJobs(createJobs({ core, journal, ...sending }), journal);
      return url;
    },
    readMetrics,
    samples: (credentials) => samplesOf(contracts, credentials),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Makes the key of receipts where there is none, and tells what is lost of former ones. */
async function prepareKeys(
  { core, replayed }: Pick<Directory, 'core' | 'replayed'>,
  logger: Logger,
): Promise<void> {
  const { isSealedElsewhere, isFileMissing } = await findKeyFaults(core);
  if (isSealedElsewhere)
    logger.warn({}, 'the secret does not open what the database has sealed: name the former one as well');
  // A new folder on a database that others use has no keys yet.
  if (isFileMissing && !replayed.isOtherLedger)
    logger.warn({}, 'the file of public keys was missing: written again');
  // Create the key before the first backup, so that a restored database signs with the same key.
  await ensureSigner(core);
}

/** The sample call of each contract that has one. */
function samplesOf(contracts: readonly Contract[], credentials: SampleCredentials): readonly Sample[] {
  return contracts.flatMap(({ title, sample }) => {
    return sample === undefined ? [] : [{ title, ...sample(credentials) }];
  });
}
