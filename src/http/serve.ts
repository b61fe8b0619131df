/**
 * The order in which every request is checked, whatever it reached: overload, credential, role, throttle, size,
 * content type, JSON; then its handler. Path and method are checked before, by the router. Each check refuses by
 * throwing, and every way out ends in one answer and one log line.
 */
import type { Core } from '../core/core.ts';
import { refuse } from '../core/errors.ts';
import { type Rendered, render, renderStream, write } from './answer.ts';
import { CallerGone, parseBody, readBody } from './body.ts';
import type { Answer } from './contract.ts';
import type { Exchange, ServerCall } from './exchange.ts';
import type { Logger, RequestLine } from './log.ts';
import { logFault, presentError, type Refused } from './refusals.ts';
import { countNetwork } from './throttle.ts';

export interface Desk {
  /** Works on one request to its end: answered, or the caller gone. Never rejects. */
  serve(exchange: Exchange, call: ServerCall): Promise<void>;
  /** From now on answers close their connections. */
  close(): void;
  readonly isClosing: boolean;
}

export interface DeskOptions {
  readonly core: Core;
  readonly logger: Logger;
  readonly requestsInFlightMax: number;
}

export function createDesk({ core, logger, requestsInFlightMax }: DeskOptions): Desk {
  let inFlight = 0;
  let isClosing = false;

  return {
    get isClosing() {
      return isClosing;
    },
    close() {
      isClosing = true;
    },
    async serve(exchange, call) {
      inFlight += 1;
      let status = 0;
      try {
        const rendered = await answerTo(exchange, call, inFlight > requestsInFlightMax);
        status = rendered.status;
        await write(exchange, rendered, isClosing);
      } catch (error) {
        exchange.response.destroy();
        if (!(error instanceof CallerGone)) logFault(error, refusedOf(exchange), logger);
      } finally {
        inFlight -= 1;
        logger.info(lineOf(exchange, status), 'request');
      }
    },
  };

  /** The answer, or the refusal in its place. Rejects only where the caller is gone. */
  async function answerTo(exchange: Exchange, call: ServerCall, isCrowded: boolean): Promise<Rendered> {
    try {
      const answer = await work(exchange, call, isCrowded);
      if (answer.stream === undefined) return render(answer);
      return await renderStream(answer, answer.stream, exchange.request.method === 'HEAD');
    } catch (error) {
      if (error instanceof CallerGone) throw error;
      return render(presentError(error, refusedOf(exchange), logger));
    }
  }

  async function work(exchange: Exchange, call: ServerCall, isCrowded: boolean): Promise<Answer> {
    const { operation, request } = exchange;
    // RFC 9112, section 3.2: a request of HTTP/1.1 without a host is no request.
    if (request.headers.host === undefined && request.httpVersion === '1.1')
      throw refuse('malformed_body', {});
    if (isCrowded && !operation.isAlwaysServed) throw refuse('unavailable', { retryAfterSeconds: 1 });
    if (operation.admit !== null) call.principal = await operation.admit(core, call);
    if (operation.throttle !== null) await countNetwork(core, operation.throttle, call.network);
    if (operation.body !== 'ignored') await receive(exchange, call);
    return operation.handle(call);
  }
}

/** Reads the body into the call, or reads and drops it where the method gives it no meaning. */
async function receive(exchange: Exchange, call: ServerCall): Promise<void> {
  const bytes = await readBody(exchange);
  if (bytes === null || bytes.length === 0 || exchange.operation.body === 'dropped') return;
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
