/**
 * The routes of the server: which handler a request goes to, and which methods a path has. Paths are in the internal
 * form. A documented path without parameters wins over one with parameters for every method:
 * `/v1/users/confirmation` names no user.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import createRouter from 'find-my-way';
import type { Query, Route } from '../contract.ts';
import type { Exchange } from '../exchange.ts';

/** The methods that routes have, in the order of `Allow`. A route of GET answers HEAD too. */
const methods = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'] as const;
type Method = (typeof methods)[number];

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Handles a request with the parameters of its path and its query. */
export type RouteHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  params: Exchange['params'],
  query: Query,
) => void;

export interface RouteTable {
  /** Throws where another route has the same method and path. */
  add(method: Route['method'], path: string, handle: RouteHandler): void;
  /** Prepares the table for requests, after the last `add`. */
  complete(): void;
  /** The methods of the routes that match the URL. */
  methodsAt(url: string): readonly string[];
  /** Hands the request to the route that its method and `url` match, or to `onUnrouted`. */
  dispatch: Listener;
}

export function createRouteTable(onUnrouted: Listener): RouteTable {
  const router = createRouter({
    // Node limits the size of the headers; a long id is an unknown id.
    maxParamLength: Number.MAX_SAFE_INTEGER,
    defaultRoute: onUnrouted,
  });
  const literalPaths = new Set<string>();
  return {
    add(method, path, handle) {
      if (!path.includes(':')) literalPaths.add(path);
      const both: Method[] = method === 'GET' ? ['GET', 'HEAD'] : [method];
      router.on(both, path, (request, response, params, _store, query) => {
        // Every parameter of a path that matches has a value.
        handle(request, response, params as Exchange['params'], query);
      });
    },
    complete() {
      for (const path of literalPaths) {
        const others = methods.filter((method) => !router.hasRoute(method, path));
        router.on(others, path, onUnrouted);
      }
      router.compile();
    },
    methodsAt(url) {
      return methods.filter((method) => {
        const found = router.find(method, url);
        return found !== null && found.handler !== onUnrouted;
      });
    },
    dispatch: (request, response) => router.lookup(request, response),
  };
}
