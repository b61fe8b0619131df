/**
 * The answer where no route matches: 405 with the methods of the path, 404 where the path has none, and the
 * answers to browsers' preflights. Used for requests that the router does not match and for methods that Node's
 * parser does not know.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Answer, Contract } from '../contract.ts';
import { refuseHttp } from '../http-refusals.ts';
import { type Cors, type Operation, plainJsonType } from '../operation.ts';

export interface Unrouted {
  readonly operation: Operation;
  /** Answers a preflight; refuses everything else. */
  answer(): Answer;
}

export interface UnroutedOptions {
  /** The contract of a URL in its internal form; null where there is none. */
  contractAt(url: string): Contract | null;
  /** Presents the refusals of requests that reach no contract. */
  readonly fallback: Contract;
  readonly cors: Cors | null;
  /** The methods of the routes that match a URL in its internal form, sorted. */
  methodsAt(url: string): readonly string[];
}

/** Finds the contract and the answer for a request without a route; `url` is in its internal form. */
export type FindUnrouted = (method: string, url: string, headers: IncomingHttpHeaders) => Unrouted;

export function createUnrouted({ contractAt, fallback, cors, methodsAt }: UnroutedOptions): FindUnrouted {
  return (method, url, headers) => {
    const contract = contractAt(url);
    const contractCors = contract?.allowsBrowsers === true ? cors : null;
    const answer = (): Answer => {
      const methods = methodsAt(url);
      if (methods.length === 0) throw refuseHttp('route_not_found', {});
      const preflight = method === 'OPTIONS' ? contractCors?.preflight(headers, methods) : null;
      if (preflight === null || preflight === undefined) {
        throw refuseHttp('method_not_allowed', { allow: methods });
      }
      return preflight;
    };
    return { operation: operationOf(contract, fallback, contractCors, answer), answer };
  };
}

function operationOf(
  contract: Contract | null,
  fallback: Contract,
  cors: Cors | null,
  answer: () => Answer,
): Operation {
  return {
    contract: contract?.name ?? null,
    pattern: null,
    operationId: null,
    admission: null,
    throttle: 'page',
    appIdOf: null,
    body: 'ignored',
    bodyTypes: [],
    jsonType: (contract ?? fallback).mediaType ?? plainJsonType,
    parseQuery: null,
    cors,
    isAlwaysServed: true,
    hasEffect: false,
    handle: async () => answer(),
    present: (refusal, context) => (contract ?? fallback).present(refusal, context),
  };
}
