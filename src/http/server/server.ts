/**
 * The HTTP server: it serves every contract of the list by host, by prefix and by bare path, and our own pages.
 * It promises that any bytes get an answer in the envelope of the contract they reached, that no request waits
 * for ever, and that a contract needs only its line in the list. The contracts decide the words of an answer.
 *
 * The router `find-my-way` finds the route (`route-table.ts`). The checks and the answers are ours (`pipeline.ts`), because the
 * documents specify their order and their envelopes.
 */
import { randomUUID } from 'node:crypto';
import {
  createServer as createNodeServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { NetworkWidth } from '../../core/access/network.ts';
import type { Core } from '../../core/core.ts';
import type { Weakness } from '../../core/deployment/weakness.ts';
import { secondMs } from '../../core/time.ts';
import { createCors } from '../answering/cors.ts';
import type { Contract, Query, Route } from '../contract.ts';
import { Exchange, latestExchange } from '../exchange.ts';
import type { Logger } from '../log.ts';
import { type Mount, mountAt } from '../mount.ts';
import { type Operation, operationOf, operationOfPage, patternOf } from '../operation.ts';
import type { PageRoute } from '../page.ts';
import { createContractRouter } from '../reading/contract-router.ts';
import { createNetworkReader, createReportWarning } from '../reading/network.ts';
import { createNetworkThrottle } from '../reading/throttle.ts';
import { openApiRoutes } from '../reference/openapi.ts';
import { referenceRoutes } from '../reference/reference.ts';
import type { HttpSettings } from '../settings.ts';
import { showUserAs } from '../show-user.ts';
import { createBrokenRequests, type ParserError } from './broken-request.ts';
import { healthRoutes } from './health.ts';
import { type ListenOptions, listen, originOf } from './listen.ts';
import { createPipeline } from './pipeline.ts';
import { createRouteTable } from './route-table.ts';
import { ServerCall } from './server-call.ts';
import { type SocketClosure, type SocketCounts, SocketGuard } from './sockets.ts';
import { stopServer } from './stop.ts';
import { createUnrouted } from './unrouted.ts';
import { Workload, type WorkMeter } from './workload.ts';

export interface ServerOptions {
  readonly core: Core;
  /** In the order in which the server asks them whether they claim a bare path. */
  readonly contracts: readonly Contract[];
  /** The name of the contract whose envelope the server uses for requests that reach no contract. */
  readonly fallback: string;
  /** Our own routes beside health, the OpenAPI documents and the reference. */
  readonly pages?: readonly PageRoute[];
  /** The page at `/` for browsers, which ask for HTML; unless given, and for programs, `/` is an unknown path. */
  readonly home?: PageRoute;
  /** Servers inside this server. */
  readonly mounts?: readonly Mount[];
  readonly settings: HttpSettings;
  /** The absolute address of the deployment, without a slash at the end. Called for each request that needs it. */
  publicUrl(): string;
  /** The absolute address in OpenAPI documents; by default `publicUrl`. */
  documentUrl?(): string;
  readonly logger: Logger;
  /** Counts what the server does; nothing is counted unless given. */
  readonly meter?: ServerMeter;
  /** Whether the server can serve requests now; a rejection means no. Called at most ten times a second while it can. */
  readiness(): Promise<boolean>;
  /** What is wrong with the data while requests are answered, by default nothing. Called for each `GET /readyz`. */
  weaknesses?(): readonly Weakness[];
}

/** Counts for the metrics. */
export interface ServerMeter extends WorkMeter {
  /** A limit by network refused a call. */
  throttled(width: NetworkWidth): void;
  /** A connection was closed. */
  socketClosed(reason: SocketClosure): void;
}

export interface ServerMeasurements {
  /** How many connections are in each state. */
  readonly sockets: SocketCounts;
  /** Why it refuses some requests, if it does. */
  readonly weaknesses: readonly Weakness[];
}

export interface HttpServer {
  /**
   * Listens and resolves with the address, such as `http://127.0.0.1:8080`. Instead of an address it takes an open file that is
   * a bound socket. Rejects with Node's error.
   */
  listen(at: ListenOptions): Promise<string>;
  /** What it is doing now. */
  measure(): ServerMeasurements;
  /** Every operation that it serves, and last the one of unknown paths. */
  readonly operations: readonly Operation[];
  /** Accepts no more connections; resolves when every request is answered, or is cut off at the deadline. */
  close(): Promise<void>;
  /** The work that waits now, and whether some is being shed. */
  readonly workload: Pick<Workload, 'isShedding' | 'waiting'>;
}

/** How often Node looks for requests that arrive too slowly. */
const arrivalCheckMs = 0.5 * secondMs;

/** The error of Node for a request that arrives too slowly. */
const tooSlow: ParserError = Object.assign(new Error('too slow'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

/** The meter, which also counts what is shed for the console: that needs no metrics. */
function countingShed({ shed, clock }: Core, meter: WorkMeter | undefined): WorkMeter {
  return {
    waited: (kind, ms) => meter?.waited(kind, ms),
    exceeded: (kind) => meter?.exceeded(kind),
    shed(kind, reason) {
      // A caller over its share is known, and is counted as a refusal of its organization.
      if (reason === 'overload') shed.note(clock.now());
      meter?.shed(kind, reason);
    },
  };
}

/** Builds the server, which answers only after `listen`. Throws where two routes have the same path and method. */
export function createServer(options: ServerOptions): HttpServer {
  const { core, contracts, settings, logger, mounts = [] } = options;
  const fallback = contracts.find(({ name }) => name === options.fallback);
  if (fallback === undefined) throw new Error(`no contract is named ${options.fallback}`);
  let isStopping = false;
  const countNetwork = createNetworkThrottle(core, options.meter?.throttled);
  const workload = new Workload(settings, countingShed(core, options.meter));
  const pipeline = createPipeline({ core, logger, settings, workload, countNetwork });
  const cors = createCors(settings.corsOrigins);
  const showUser = showUserAs(contracts);
  const served = contracts.map((contract) => ({ contract, routes: contract.routes(core, showUser) }));
  const published = served.filter(({ contract }) => contract.isInternal !== true);
  const pages = [
    ...healthRoutes({
      readiness: () => options.readiness(),
      get isClosing() {
        return isStopping;
      },
      get weaknesses() {
        return weaknesses();
      },
    }),
    ...openApiRoutes(published, (contract) => contractRouter.baseUrlOf(contract, options.documentUrl?.())),
    ...(settings.hasReference ? referenceRoutes(core, published) : []),
    ...(options.pages ?? []),
  ];
  function weaknesses(): readonly Weakness[] {
    return [...(pipeline.isShedding ? (['overload'] as const) : []), ...(options.weaknesses?.() ?? [])];
  }
  const ownPaths = pages.map(({ path }) => path);
  const contractRouter = createContractRouter({
    ...{ contracts, ownPaths },
    isHostRouted: settings.isHostRouted,
    publicUrl: () => options.publicUrl(),
  });
  const networks = createNetworkReader(settings.trustedProxies);
  const warnOfReports = core.policy.isProduction
    ? createReportWarning(networks, (message) => logger.warn({}, message))
    : null;

  const table = createRouteTable(serveUnrouted);
  const findUnrouted = createUnrouted({
    contractAt: contractRouter.contractAt,
    fallback,
    cors,
    methodsAt: table.methodsAt,
  });
  const broken = createBrokenRequests({
    logger,
    find: (method, target, headers) => findUnrouted(method, contractRouter.rewrite(target, headers), headers),
  });

  const operations: Operation[] = [];
  for (const page of pages) {
    // Below the prefix of a contract a page refuses in the envelope of the contract.
    const owner = contractRouter.contractAt(page.path) ?? fallback;
    addRoute(page.method, page.path, operationOfPage(page, owner));
  }
  const home = options.home === undefined ? null : operationOfPage(options.home, fallback);
  if (home !== null) operations.push(home);
  for (const { contract, routes } of served) {
    for (const route of routes) {
      addRoute(route.method, patternOf(contract, route), operationOf(contract, route, cors));
    }
  }
  table.complete();
  operations.push(findUnrouted('GET', '', {}).operation);

  function addRoute(method: Route['method'], path: string, operation: Operation): void {
    operations.push(operation);
    table.add(method, path, (request, response, params, query) => {
      serve(operation, request, response, params, query);
    });
  }

  function serveUnrouted(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    if (home !== null && isForHome(request)) {
      serve(home, request, response, {}, {});
      return;
    }
    serve(findUnrouted(method, url, headers).operation, request, response, {}, {});
  }

  function serve(
    operation: Operation,
    request: IncomingMessage,
    response: ServerResponse,
    params: Exchange['params'],
    query: Query,
  ): void {
    const exchange = new Exchange(randomUUID(), operation, request, response, params);
    const { baseUrlOf } = contractRouter;
    void pipeline.serve(exchange, new ServerCall(exchange, { query, networks, baseUrlOf }));
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (isAfterLast(request)) {
      request.resume();
      return;
    }
    const mount = mountAt(mounts, request.url ?? '');
    if (mount !== undefined) {
      if (pipeline.isClosing) response.setHeader('connection', 'close');
      mount.handle(request, response);
      return;
    }
    warnOfReports?.(request);
    request.url = contractRouter.rewrite(request.url ?? '/', request.headers);
    table.dispatch(request, response);
  }

  const server = createNode((request, response) => sockets.take(request, response), settings);
  const sockets = new SocketGuard({
    ...{ server, networks, limits: settings, serve: handle },
    refuseHead: (socket) => broken.onError(tooSlow, socket),
    ...(options.meter === undefined ? {} : { onClosed: options.meter.socketClosed }),
  });
  server.on('clientError', (error, socket) => {
    sockets.afterPipelined(socket, () => broken.onError(error, socket));
  });
  server.on('connect', ({ method = '', url = '', headers }, socket) => {
    broken.onConnect(method, url, headers, socket);
  });

  return {
    ...{ operations, workload },
    measure: () => ({ sockets: sockets.counts(), weaknesses: weaknesses() }),
    listen: async (at) => originOf(await listen(server, at)),
    async close() {
      isStopping = true;
      const onCut = (): void => logger.warn({}, 'requests were cut off by the deadline of the stop');
      await stopServer({ server, sockets, settings, onClosed: () => pipeline.close(), onCut });
      sockets.close();
    },
  };
}

/** Whether a browser opens the address of the deployment itself. */
function isForHome({ method, url, headers }: IncomingMessage): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && url === '/' && /\btext\/html\b/.test(headers.accept ?? '');
}

/** Whether it came after an answer that announced the end of its connection. The caller sends it again elsewhere. */
function isAfterLast({ socket }: IncomingMessage): boolean {
  return socket.writableEnded || latestExchange(socket)?.isLast === true;
}

function createNode(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  settings: HttpSettings,
): Server {
  const server = createNodeServer({
    headersTimeout: settings.bodyTimeoutMs,
    requestTimeout: settings.bodyTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    connectionsCheckingInterval: arrivalCheckMs,
    // `pipeline.ts` refuses a request without a host, in the envelope of the contract.
    requireHostHeader: false,
  });
  // Node limits the size of the headers. A limit on their number would drop the rest without an error.
  server.maxHeadersCount = 0;
  // A caller that has sent its whole request and closes its side still gets an answer; Node alone would hang up.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('request', handle);
  // `readBody` sends `100 Continue` when it reads the body; other expectations are ignored (RFC 9110, 10.1.1).
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  return server;
}
