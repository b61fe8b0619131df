/**
 * The order of the checks for every request, with or without a route: overload, credential, role, throttle, size,
 * content type, JSON; then the handler. The router checks path and method before. A check refuses by throwing;
 * every path through the pipeline ends in one answer and one log line. Credential and role of a request whose body came late are checked
 * once more before the handler.
 */
import { NetworkTally } from '../../core/access/network-throttle.ts';
import { authorize } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { isRefusal, refuse } from '../../core/errors.ts';
import { countRefusal, countStrangerRefusal } from '../../core/record/refusals.ts';
import { commonFieldsOf, type Rendered, render, renderStream, write } from '../answering/answer.ts';
import { endOfTurn } from '../answering/event-loop.ts';
import { logFault, presentError, type Refused } from '../answering/refusals.ts';
import type { Answer, NetworkThrottle, Piece } from '../contract.ts';
import { type Exchange, hasBody } from '../exchange.ts';
import { refuseHttp } from '../http-refusals.ts';
import type { Logger, RequestLine } from '../log.ts';
import type { Admission } from '../operation.ts';
import { CallerGone, parseBody, readBody } from '../reading/body.ts';
import { hasOneHost } from '../reading/host.ts';
import type { CountNetwork } from '../reading/throttle.ts';
import type { HttpSettings } from '../settings.ts';
import type { ServerCall } from './server-call.ts';
import { inTurns, Turn, type WorkKind, type Workload } from './workload.ts';

export interface Pipeline {
  /** Handles one request until it is answered or its caller has hung up. Never rejects. */
  serve(exchange: Exchange, call: ServerCall): Promise<void>;
  /** From now on, answers close their connections. */
  close(): void;
  readonly isClosing: boolean;
  /** Whether requests were refused in the last second because too many are in flight. */
  readonly isShedding: boolean;
}

export interface PipelineOptions {
  readonly core: Core;
  readonly logger: Logger;
  readonly workload: Workload;
  readonly settings: Pick<HttpSettings, 'requestsInFlightMax' | 'stallTimeoutMs' | 'isHttpsOnly'>;
  readonly countNetwork: CountNetwork;
}

/** A body that takes longer comes late: meanwhile the credential may have been revoked. */
const lateMs = 1_000;

/** How long after a refused request the server counts as one that sheds. */
const sheddingMs = 1_000;

export function createPipeline(options: PipelineOptions): Pipeline {
  const { core, logger, settings, workload, countNetwork } = options;
  const { requestsInFlightMax, stallTimeoutMs } = settings;
  const common = commonFieldsOf(settings);
  /** The calls for health and static files, by network. */
  const unlimited = new NetworkTally(core.clock);
  let inFlight = 0;
  let isClosing = false;
  let shedAt = Number.NEGATIVE_INFINITY;

  return {
    get isClosing() {
      return isClosing;
    },
    get isShedding() {
      return workload.isShedding || performance.now() - shedAt < sheddingMs;
    },
    close() {
      isClosing = true;
      workload.refusals.flush();
    },
    // One function with few promises: it runs for every request, and each await costs time.
    async serve(exchange, call) {
      const { operation, request } = exchange;
      const { jsonType } = operation;
      const turn = new Turn();
      let status = 0;
      // A request counts when it is complete; half-sent ones have bounds of their own (`sockets.ts`).
      const isArriving = operation.body !== 'ignored' && hasBody(request);
      if (!isArriving) count(turn);
      try {
        let rendered: Rendered;
        try {
          if (!hasOneHost(request)) throw refuseHttp('malformed_host', {});
          if (isOverloaded(exchange)) throw shed(exchange);
          if (operation.admission !== null) {
            const { contract, action } = operation.admission;
            call.principal = await contract.authenticate(core, call);
            if (action !== null) authorize(call.principal, action);
          }
          let isLate = false;
          const work = workOf(exchange);
          if (isBeyondPace(exchange, call)) await outside(turn, workload.refusals.turn());
          if (operation.throttle !== null) {
            // Counting is a change; without a place a flood of calls at a door would make any number of them.
            if (work !== null && operation.throttle !== 'page') await begin('write', turn, exchange, call);
            await throttle(exchange, call, operation.throttle);
            if (work === 'door') turn.end();
          }
          const isComplete = !isArriving || request.complete;
          if (!isComplete) {
            // A body that arrives slowly must not hold a place.
            turn.end();
            const admittedAt = performance.now();
            await receive(exchange, call);
            isLate = performance.now() - admittedAt > lateMs;
          }
          if (!turn.isInFlight) {
            count(turn);
            if (isOverloaded(exchange)) throw shed(exchange);
          }
          if (work !== null && !turn.hasPlace) {
            const waiting = begin(work, turn, exchange, call);
            if (waiting !== undefined) await waiting;
          }
          if (isArriving && isComplete) await receive(exchange, call);
          if (isLate && operation.admission !== null) await admitAgain(operation.admission, call);
          const isIdle = operation.hasEffect && request.method === 'HEAD';
          const answer = isIdle ? idleAnswer : await operation.handle(call);
          rendered =
            answer.stream === undefined
              ? render(answer, jsonType)
              : await renderPieces(answer, answer.stream, { exchange, call, turn });
        } catch (error) {
          if (error instanceof CallerGone) throw error;
          if (call.principal !== null) countRefusal(core, call.principal, error);
          // What is refused without a place has met no share yet, so a flood of it is answered at this pace.
          if (turn.wasShed || !turn.hadPlace) await outside(turn, workload.refusals.turn());
          rendered = render(presentError(error, refusedOf(exchange), logger), jsonType);
        }
        status = rendered.status;
        if (rendered.rest === null) await endOfTurn();
        const writing = write(exchange, rendered, { common, isClosing, stallTimeoutMs });
        if (writing !== undefined) await writing;
      } catch (error) {
        status = giveUp(exchange, error, status);
      } finally {
        turn.end();
        if (turn.isInFlight) inFlight -= 1;
        logger.request(lineOf(exchange, status));
      }
    },
  };

  /** Finds the principal of now, and asks the rulebook. */
  async function admitAgain({ contract, action }: Admission, call: ServerCall): Promise<void> {
    call.principal = await contract.authenticate(core, call);
    if (action !== null) authorize(call.principal, action);
  }

  function count(turn: Turn): void {
    turn.isInFlight = true;
    inFlight += 1;
  }

  function isOverloaded({ operation }: Exchange): boolean {
    return inFlight > requestsInFlightMax && !operation.isAlwaysServed;
  }

  /** Whether the network asks too often for what has no limit, which it then gets at the pace of refusals. */
  function isBeyondPace({ operation }: Exchange, call: ServerCall): boolean {
    if (!operation.isAlwaysServed || operation.throttle !== null) return false;
    const { networkQuotas, networkFactors } = core.policy;
    return unlimited.hit(call.network, networkQuotas.page, networkFactors) !== null;
  }

  function shed(exchange: Exchange): Error {
    shedAt = performance.now();
    workload.countShed(workOf(exchange) ?? 'door');
    return refuse('unavailable', { retryAfterSeconds: 1 });
  }

  /**
   * Takes a place for work of that kind: undefined where one is free. Otherwise the promise resolves when the place is
   * free, and rejects if the request is shed, or if its caller has hung up meanwhile.
   */
  function begin(
    kind: WorkKind,
    turn: Turn,
    { response, startedAt }: Exchange,
    call: ServerCall,
  ): Promise<void> | undefined {
    // A read has just come, so its start is exact enough; asking the clock costs more than the rest.
    const now = kind === 'read' ? startedAt : performance.now();
    const caller = workload.callerOf(call, now);
    const waiting = turn.take(workload.queue(kind), caller, now);
    if (waiting === undefined) return undefined;
    return outside(turn, waiting).then(() => {
      if (response.destroyed) throw new CallerGone();
    });
  }

  /** Renders an answer in pieces, which has a place for streams until it ends, and a turn for each piece. */
  async function renderPieces(
    answer: Answer,
    stream: AsyncIterable<Piece>,
    { exchange, call, turn }: { exchange: Exchange; call: ServerCall; turn: Turn },
  ): Promise<Rendered> {
    const { request, operation } = exchange;
    const isHead = request.method === 'HEAD';
    turn.end();
    if (!isHead) await begin('stream', turn, exchange, call);
    const caller = workload.callerOf(call, performance.now());
    const pieces = inTurns(stream, workload.queue('piece'), caller);
    return renderStream(answer, pieces, { jsonType: operation.jsonType, isHead });
  }

  /** Waits; a request that waits does not count as one in flight, so that waiting ones refuse no others. */
  async function outside(turn: Turn, waiting: Promise<void> | undefined): Promise<void> {
    if (turn.isInFlight) inFlight -= 1;
    try {
      await waiting;
    } finally {
      if (turn.isInFlight) inFlight += 1;
    }
  }

  /** Counts the call against the limit of its network. A refusal of a caller without a credential is recorded here. */
  async function throttle({ operation }: Exchange, call: ServerCall, bucket: NetworkThrottle): Promise<void> {
    try {
      await countNetwork(bucket, call.network);
    } catch (error) {
      // The record of a page costs more than the page, and a page has no organization.
      if (bucket !== 'page' && call.principal === null && isRefusal(error, 'rate_limited')) {
        const appId = operation.appIdOf?.(call);
        await countStrangerRefusal(core, { door: call.door, appId }, error);
      }
      throw error;
    }
  }

  /** Ends an exchange whose answer could not be written completely. Returns the status for the log. */
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
          // It is no stream, so there is nothing to wait for.
          void write(exchange, rendered, { common, isClosing, stallTimeoutMs });
          return rendered.status;
        } catch {
          // The 500 cannot be written either; all that is left is to close the connection.
        }
      }
    }
    response.destroy();
    return status;
  }
}

/** The kind of work that the request is; null for one that is always served at once. */
function workOf({ operation, request }: Exchange): WorkKind | null {
  if (operation.isAlwaysServed) return null;
  if (operation.admission === null) return 'door';
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return isRead && !operation.hasEffect ? 'read' : 'write';
}

/** What a HEAD gets where the GET would change something. */
const idleAnswer: Answer = { status: 200, headers: { 'Cache-Control': 'no-store' } };

/** Reads the body into the call, or reads and drops it where the method gives a body no meaning. */
async function receive(exchange: Exchange, call: ServerCall): Promise<void> {
  const bytes = await readBody(exchange);
  if (bytes.length === 0 || exchange.operation.body === 'dropped') return;
  call.body = parseBody(bytes, exchange, exchange.operation.bodyTypes);
  call.rawBody = bytes;
}

function refusedOf({ id, operation, params, request }: Exchange): Refused {
  // Browsers say so of every request to a secure origin, and to this machine (Fetch Metadata).
  const mode = request.headers['sec-fetch-mode'];
  return { operation, requestId: id, params, isScripted: mode !== undefined && mode !== 'navigate' };
}

/** `status` is 0 where the caller hung up before an answer. */
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
