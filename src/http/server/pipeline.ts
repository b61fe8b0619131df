/**
 * The order in which every request is checked, whatever it reached: overload, credential, role, throttle, size,
 * content type, JSON; then its handler. Path and method are checked before, by the router. Each check refuses by
 * throwing, and every way out ends in one answer and one log line.
 */
import { authorize } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { refuse } from '../../core/errors.ts';
import { type Rendered, render, renderStream, write } from '../answering/answer.ts';
import { endOfTurn } from '../answering/event-loop.ts';
import { logFault, presentError, type Refused } from '../answering/refusals.ts';
import { type Exchange, hasBody } from '../exchange.ts';
import { refuseHttp } from '../http-refusals.ts';
import type { Logger, RequestLine } from '../log.ts';
import { CallerGone, parseBody, readBody } from '../reading/body.ts';
import { countNetwork } from '../reading/throttle.ts';
import type { HttpSettings } from '../settings.ts';
import type { ServerCall } from './server-call.ts';

export interface Pipeline {
  /** Works on one request to its end: answered, or the caller gone. Never rejects. */
  serve(exchange: Exchange, call: ServerCall): Promise<void>;
  /** From now on answers close their connections. */
  close(): void;
  readonly isClosing: boolean;
}

export interface PipelineOptions {
  readonly core: Core;
  readonly logger: Logger;
  readonly settings: Pick<HttpSettings, 'requestsInFlightMax' | 'stallTimeoutMs'>;
}

export function createPipeline({ core, logger, settings }: PipelineOptions): Pipeline {
  const { requestsInFlightMax, stallTimeoutMs } = settings;
  let inFlight = 0;
  let isClosing = false;

  return {
    get isClosing() {
      return isClosing;
    },
    close() {
      isClosing = true;
    },
    // One function and few promises: it runs for every request, and each await has its price.
    async serve(exchange, call) {
      const { operation, request } = exchange;
      const { jsonType } = operation;
      inFlight += 1;
      let status = 0;
      try {
        let rendered: Rendered;
        try {
          // RFC 9112, section 3.2: a request of HTTP/1.1 without a host is no request.
          if (request.headers.host === undefined && request.httpVersion === '1.1') {
            throw refuseHttp('malformed_body', {});
          }
          if (inFlight > requestsInFlightMax && !operation.isAlwaysServed) {
            throw refuse('unavailable', { retryAfterSeconds: 1 });
          }
          if (operation.admission !== null) {
            const { contract, action } = operation.admission;
            const principal = await contract.authenticate(core, call);
            if (action !== null) authorize(principal, action);
            call.principal = principal;
          }
          if (operation.throttle !== null) await countNetwork(core, operation.throttle, call.network);
          if (operation.body !== 'ignored' && hasBody(request)) await receive(exchange, call);
          const answer = await operation.handle(call);
          rendered =
            answer.stream === undefined
              ? render(answer, jsonType)
              : await renderStream(answer, answer.stream, { jsonType, isHead: request.method === 'HEAD' });
        } catch (error) {
          if (error instanceof CallerGone) throw error;
          rendered = render(presentError(error, refusedOf(exchange), logger), jsonType);
        }
        status = rendered.status;
        if (rendered.rest === null) await endOfTurn();
        const writing = write(exchange, rendered, { isClosing, stallTimeoutMs });
        if (writing !== undefined) await writing;
      } catch (error) {
        status = giveUp(exchange, error, status);
      } finally {
        inFlight -= 1;
        logger.request(lineOf(exchange, status));
      }
    },
  };

  /** Ends an exchange whose answer could not be written, or not to its end; the status that was. */
  function giveUp(exchange: Exchange, error: unknown, status: number): number {
    const { response } = exchange;
    const refused = refusedOf(exchange);
    if (!(error instanceof CallerGone)) {
      logFault(error, refused, logger);
      if (!response.headersSent) {
        try {
          const rendered = render(
            presentError(refuse('internal', {}), refused, logger),
            exchange.operation.jsonType,
          );
          write(exchange, rendered, { isClosing, stallTimeoutMs });
          return rendered.status;
        } catch {
          // Not even that can be written: what is left is to hang up.
        }
      }
    }
    response.destroy();
    return status;
  }
}

/** Reads the body into the call, or reads and drops it where the method gives it no meaning. */
async function receive(exchange: Exchange, call: ServerCall): Promise<void> {
  const bytes = await readBody(exchange);
  if (bytes.length === 0 || exchange.operation.body === 'dropped') return;
  call.body = parseBody(bytes, exchange, exchange.operation.bodyTypes);
  call.rawBody = bytes;
}

function refusedOf({ id, operation, params }: Exchange): Refused {
  return { operation, requestId: id, params };
}

/** `status` is 0 where there was nobody to answer. */
function lineOf({ id, operation, request, response, startedAt }: Exchange, status: number): RequestLine {
  return {
    requestId: id,
    method: request.method ?? null,
    contract: operation.contract,
    route: operation.pattern,
    status,
    ms: Math.round((performance.now() - startedAt) * 10) / 10,
    ...(response.destroyed ? { isAborted: true } : undefined),
  };
}
