/**
 * The HTTP server: every contract of the list on its three ways in, and the pages of our own. It promises that
 * any bytes get a clear answer in the right envelope, that nothing waits for ever, and that a contract needs
 * nothing but its place in the list. What an answer says is the contracts' business.
 *
 * Fastify finds the route; checks and answers are ours (`pipeline.ts`), because their order and their envelopes are
 * specified. So it is told that no method has a body, and its replies are not used.
 */
import { randomUUID } from 'node:crypto';
import { createServer as createNodeServer, type Server } from 'node:http';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  type RawServerDefault,
} from 'fastify';
import type { Core } from '../../core/core.ts';
import { secondMs } from '../../core/time.ts';
import { createCors } from '../answering/cors.ts';
import type { Contract, Method, Query } from '../contract.ts';
import { Exchange } from '../exchange.ts';
import type { Logger } from '../log.ts';
import { type Mount, mountAt } from '../mount.ts';
import { type Operation, operationOf, operationOfPage, patternOf } from '../operation.ts';
import type { PageRoute } from '../page.ts';
import { createContractRouter, pathOf } from '../reading/contract-router.ts';
import { openApiRoutes } from '../reference/openapi.ts';
import { referenceRoutes } from '../reference/reference.ts';
import type { HttpSettings } from '../settings.ts';
import { createBrokenRequests } from './broken-request.ts';
import { healthRoutes } from './health.ts';
import { createPipeline } from './pipeline.ts';
import { ServerCall } from './server-call.ts';
import { createUnrouted } from './unrouted.ts';

export interface ServerOptions {
  readonly core: Core;
  /** In the order in which they may claim a bare path. */
  readonly contracts: readonly Contract[];
  /** The name of the contract in whose envelope requests that reach none are refused. */
  readonly fallback: string;
  /** Routes of our own beside health and reference. */
  readonly pages?: readonly PageRoute[];
  /** Servers inside this one. */
  readonly mounts?: readonly Mount[];
  readonly settings: HttpSettings;
  /** The absolute address of the deployment, without a slash at the end. Called for each request that needs it. */
  publicUrl(): string;
  readonly logger: Logger;
  /** Whether requests could be served now; rejecting is a no. Asked at each `GET /readyz`. */
  readiness(): Promise<boolean>;
}

export interface HttpServer {
  /**
   * Listens and resolves with the address, such as `http://127.0.0.1:8080`. Where it is shared, processes that
   * listen there too get their part of the connections. Rejects with Node's error.
   */
  listen(at: { readonly host: string; readonly port: number; readonly isShared?: boolean }): Promise<string>;
  /** Takes no more connections and resolves when every request is answered, or was cut off at the deadline. */
  close(): Promise<void>;
}

/** How often slow requests are looked for. */
const arrivalCheckMs = 0.5 * secondMs;
const methods: readonly Method[] = ['DELETE', 'GET', 'PATCH', 'POST', 'PUT'];

/** Builds the server; it answers nothing before `listen`. Throws where two routes or settings do not go together. */
export function createServer(options: ServerOptions): HttpServer {
  const { core, contracts, settings, logger } = options;
  const fallback = contracts.find(({ name }) => name === options.fallback);
  if (fallback === undefined) throw new Error(`no contract is named ${options.fallback}`);
  const pipeline = createPipeline({ core, logger, settings });
  const cors = createCors(settings.corsOrigins);
  const served = contracts.map((contract) => ({ contract, routes: contract.routes(core) }));
  const pages = [
    ...healthRoutes(async () => !pipeline.isClosing && (await options.readiness())),
    ...openApiRoutes(served.filter(({ contract }) => !isInternal(contract))),
    ...referenceRoutes(contracts.filter((contract) => !isInternal(contract))),
    ...(options.pages ?? []),
  ];
  const ownPaths = pages.map(({ path }) => path);
  const router = createContractRouter({
    ...{ contracts, ownPaths },
    isHostRouted: settings.isHostRouted,
    publicUrl: () => options.publicUrl(),
  });

  // A documented path without parameters is never one with: `/v1/users/confirmation` names no user.
  const literalMethods = new Map<string, readonly string[]>();
  const findUnrouted = createUnrouted({
    contractAt: router.contractAt,
    fallback,
    cors,
    methodsAt: (url) => literalMethods.get(pathOf(url)) ?? methodsAt(app, url),
  });
  const broken = createBrokenRequests({
    logger,
    find: (method, target, headers) => findUnrouted(method, router.rewrite(target, headers), headers),
  });

  const app = fastify<RawServerDefault>({
    logger: false,
    genReqId: () => randomUUID(),
    rewriteUrl: ({ url = '/', headers }) => router.rewrite(url, headers),
    serverFactory: (handle) => createNode(besideMounts(options.mounts ?? [], handle), settings),
    clientErrorHandler: (error, socket) => broken.onError(error, socket),
    frameworkErrors: (_error, request, reply) => serveUnrouted(request, reply),
    trustProxy: settings.trustedProxies.length > 0 && [...settings.trustedProxies],
    // Without these Fastify loads a validator and a serializer of its own.
    schemaController: { compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema } },
    return503OnClosing: false,
    exposeHeadRoutes: false,
    // Requests are bounded by the size of their headers; a long id is an unknown id.
    routerOptions: { maxParamLength: Number.MAX_SAFE_INTEGER, compile: true },
  });
  for (const method of ['DELETE', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY']) {
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  }
  app.server.on('connect', ({ method = '', url = '', headers }, socket) => {
    broken.onConnect(method, url, headers, socket);
  });

  for (const page of pages) addRoute(page.method, page.path, operationOfPage(page, fallback));
  for (const { contract, routes } of served) {
    for (const route of routes) {
      addRoute(route.method, patternOf(contract, route), operationOf(contract, route, cors));
    }
  }
  for (const [url, known] of literalMethods) {
    const others = [...methods, 'HEAD'].filter((method) => !known.includes(method));
    app.route({ method: others, url, handler: serveUnrouted });
  }
  app.setNotFoundHandler((request, reply) => serveUnrouted(request, reply));

  function addRoute(method: Method, url: string, operation: Operation): void {
    const known = method === 'GET' ? ['GET', 'HEAD'] : [method];
    if (!url.includes(':')) literalMethods.set(url, [...(literalMethods.get(url) ?? []), ...known].sort());
    app.route({
      method: known,
      url,
      handler: (request, reply) => serve(operation, request, reply),
    });
  }

  function serveUnrouted(request: FastifyRequest, reply: FastifyReply): void {
    const { method, url, headers } = request.raw;
    serve(findUnrouted(method ?? '', url ?? '', headers).operation, request, reply);
  }

  function serve(operation: Operation, request: FastifyRequest, reply: FastifyReply): void {
    const params = (request.params ?? {}) as Exchange['params'];
    const exchange = new Exchange(request.id, operation, request.raw, reply.raw, params);
    const query = (request.query ?? {}) as Query;
    const { baseUrlOf } = router;
    void pipeline.serve(exchange, new ServerCall(exchange, { query, peer: request, baseUrlOf }));
  }

  return {
    listen({ host, port, isShared = false }) {
      // Fastify hands on what it does not know itself.
      const at = { host, port, reusePort: isShared };
      return app.listen(at);
    },
    async close() {
      pipeline.close();
      const deadline = setTimeout(() => {
        logger.warn({}, 'requests were cut off by the deadline of the stop');
        app.server.closeAllConnections();
      }, settings.closeTimeoutMs);
      await app.close();
      clearTimeout(deadline);
    },
  };
}

function isInternal(contract: Contract): boolean {
  return contract.isInternal === true;
}

type RequestHandler = Parameters<typeof createNodeServer>[1] & {};

/** Requests below a mount are the mount's, all others the handler's. */
function besideMounts(mounts: readonly Mount[], handle: RequestHandler): RequestHandler {
  if (mounts.length === 0) return handle;
  return (request, response) => {
    const mount = mountAt(mounts, request.url ?? '');
    if (mount === undefined) handle(request, response);
    else mount.handle(request, response);
  };
}

function createNode(handle: RequestHandler, settings: HttpSettings): Server {
  const server = createNodeServer({
    headersTimeout: settings.bodyTimeoutMs,
    requestTimeout: settings.bodyTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    connectionsCheckingInterval: arrivalCheckMs,
    // A missing host is refused in an envelope, by `pipeline.ts`.
    requireHostHeader: false,
  });
  // The size of the headers is bounded; a bound on their number would drop the rest in silence.
  server.maxHeadersCount = 0;
  // Who has said everything and closes that side is answered all the same; Node's own rule is to hang up at once.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('request', handle);
  // Leave to send is given when the body is wanted, and other expectations are nobody's business (RFC 9110, 10.1.1).
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  return server;
}

/** Shapes are for the reference; no route asks Fastify to work by one. */
function refuseSchema(): never {
  throw new Error('a route was added with a schema');
}

/** The methods of the routes at a URL in its internal form, HEAD beside GET. */
function methodsAt(app: FastifyInstance, url: string): readonly string[] {
  const path = pathOf(url);
  // The router answers for a path that it cannot decode; no route is there.
  if (!path.startsWith('/') || !isDecodable(path)) return [];
  return methods
    .filter((method) => app.findRoute({ method, url: path }) !== null)
    .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

function isDecodable(path: string): boolean {
  try {
    decodeURI(path);
    return true;
  } catch {
    return false;
  }
}
