/** The request as contracts see it: made from an exchange, and completed by the checks of the pipeline. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Arrival } from '../../core/access/arrival.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { Call, Query } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import { pathOf } from '../reading/contract-router.ts';
import type { NetworkReader } from '../reading/network.ts';

const noBytes = Buffer.alloc(0);

/** The parts of a call that the server has beside the exchange. */
export interface CallContext {
  /** The query as the default grammar reads it. */
  readonly query: Query;
  readonly networks: NetworkReader;
  baseUrlOf(contract: string | null): string;
}

/** The checks fill it in their order; it is complete when the handler gets it. */
export class ServerCall implements Call {
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string>>;
  readonly door: string;
  readonly requestId: string;
  principal: Principal | null = null;
  body: unknown = undefined;
  rawBody: Buffer = noBytes;
  readonly #exchange: Exchange;
  readonly #context: CallContext;
  #query: Query | null = null;

  constructor(exchange: Exchange, context: CallContext) {
    this.headers = exchange.request.headers;
    this.params = exchange.params;
    this.door = exchange.operation.contract ?? 'pages';
    this.requestId = exchange.id;
    this.#exchange = exchange;
    this.#context = context;
  }

  get network(): string {
    return this.#context.networks.networkOf(this.#exchange.request);
  }

  get arrival(): Arrival {
    return { network: this.network, arrivedAt: this.#exchange.startedAt };
  }

  /** Parsed when the handler first reads it, so that a malformed query is refused after all the checks. */
  get query(): Query {
    const { parseQuery } = this.#exchange.operation;
    if (parseQuery === null) return this.#context.query;
    const { url = '' } = this.#exchange.request;
    this.#query ??= parseQuery(url.slice(pathOf(url).length + 1));
    return this.#query;
  }

  get baseUrl(): string {
    return this.#context.baseUrlOf(this.#exchange.operation.contract);
  }
}
