/** The request as contracts see it: made from an exchange, and completed by the checks of the pipeline. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Arrival } from '../../core/access/arrival.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { Call, Query } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import { CallerGone } from '../reading/body.ts';
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
  readonly operationId: string | null;
  readonly requestId: string;
  principal: Principal | null = null;
  body: unknown = undefined;
  rawBody: Buffer = noBytes;
  readonly #exchange: Exchange;
  readonly #context: CallContext;
  #arrival: Arrival | null = null;
  #query: Query | null = null;

  constructor(exchange: Exchange, context: CallContext) {
    this.headers = exchange.request.headers;
    this.params = exchange.params;
    this.door = exchange.operation.contract ?? 'pages';
    this.operationId = exchange.operation.operationId;
    this.requestId = exchange.id;
    this.#exchange = exchange;
    this.#context = context;
  }

  get network(): string {
    return this.#context.networks.networkOf(this.#exchange.request);
  }

  /** Listens to the connection, so it is made only for a handler that reads it. */
  get arrival(): Arrival {
    const { startedAt } = this.#exchange;
    this.#arrival ??= { network: this.network, arrivedAt: startedAt, hangUp: hangUpOf(this.#exchange) };
    return this.#arrival;
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

/** How often a caller that has closed its side is probed. */
const probeMs = 50;

/**
 * Aborts with `CallerGone` when the connection closes before the answer is written. A caller that has closed its side may
 * still wait for the answer, or have left. It is probed by interim answers (RFC 9110, section 15.2): where it has left,
 * its system refuses the first, and a further one fails.
 */
function hangUpOf({ request, response }: Exchange): AbortSignal {
  const leaving = new AbortController();
  let probing: NodeJS.Timeout | undefined;
  const probe = (): void => {
    if (!response.headersSent && !response.destroyed) response.writeProcessing();
    else clearInterval(probing);
  };
  const onEnd = (): void => {
    if (request.httpVersion !== '1.1') return;
    probing = setInterval(probe, probeMs);
    probe();
  };
  const onClose = (): void => {
    clearInterval(probing);
    request.socket.off('end', onEnd);
    if (!response.writableFinished) leaving.abort(new CallerGone());
  };
  if (response.destroyed) onClose();
  else {
    response.once('close', onClose);
    if (request.socket.readableEnded) onEnd();
    else request.socket.once('end', onEnd);
  }
  return leaving.signal;
}
