/** The request as a contract sees it: read from an exchange, and filled in by the checks of the pipeline. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../../core/access/principal.ts';
import type { Call } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import { networkOf } from '../reading/network.ts';

const noBytes = Buffer.alloc(0);

/** The call as a contract sees it. Filled in the order of the checks; complete when the handler gets it. */
export class ServerCall implements Call {
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly door: string;
  readonly requestId: string;
  principal: Principal | null = null;
  body: unknown = undefined;
  rawBody: Buffer = noBytes;
  readonly #peer: { readonly ip: string };

  /** `peer` is asked for the caller's address when that is wanted. */
  constructor(exchange: Exchange, query: Call['query'], peer: { readonly ip: string }) {
    this.headers = exchange.request.headers;
    this.params = exchange.params;
    this.query = query;
    this.door = exchange.operation.contract ?? 'pages';
    this.requestId = exchange.id;
    this.#peer = peer;
  }

  get network(): string {
    return networkOf(this.#peer.ip ?? 'unknown');
  }
}
