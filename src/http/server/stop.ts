/**
 * Stops a server without cutting off a request. First it accepts the connections that the system has already made for it, since the
 * system resets those when the listener closes. Then it accepts no more. A request that comes on an open connection is answered, and
 * the last answer of a connection announces its end (`answering/answer.ts`); not before, or callers would connect again while it
 * still listens. Connections without a request are ended after a grace: a request on the way to them still gets its answer. A connection
 * ends in order (RFC 9112, section 9.6): the caller gets all that was written and the end after it, and what it sends later is read and
 * dropped, because unread bytes make the system reset the connection, and the caller may then lose the answer.
 */
import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HttpSettings } from '../settings.ts';
import type { SocketGuard } from './sockets.ts';

/** How long a connection that the server has ended waits for the end of its caller. */
const lingerMs = 1_000;
/** How often a stop looks for connections without a request. */
const idleCheckMs = 100;
/** The system makes about so many connections ahead; Node accepts one in each turn of its event loop. */
const acceptsMax = 1_024;
/** A connection that comes within the turn in which the listener closes is reset, so that turn is a short one. */
const shortTurnMs = 0.5;
const longTurnsMax = 100;

export interface StopOptions {
  readonly server: Server;
  readonly sockets: SocketGuard;
  readonly settings: Pick<HttpSettings, 'idleGraceMs' | 'closeTimeoutMs'>;
  /** It listens no more; from now on the last answer of a connection announces its end. */
  onClosed(): void;
  /** Requests were cut off by the deadline. */
  onCut(): void;
}

/** Resolves when every connection has ended, at the latest soon after the deadline. */
export async function stopServer({ server, sockets, settings, onClosed, onCut }: StopOptions): Promise<void> {
  server.prependListener('connection', endInOrderSoon);
  for (const socket of sockets.sockets()) endInOrderSoon(socket);
  await acceptMade(server);
  const grace = setTimeout(() => {
    endIdle();
    idle = setInterval(endIdle, idleCheckMs);
  }, settings.idleGraceMs);
  let idle: NodeJS.Timeout | undefined;
  const deadline = setTimeout(() => {
    onCut();
    server.closeAllConnections();
  }, settings.closeTimeoutMs);
  const endIdle = (): void => sockets.idle().forEach(endInOrder);
  // Node's HTTP server would destroy connections without a request at once.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  onClosed();
  await closed;
  clearTimeout(grace);
  clearInterval(idle);
  clearTimeout(deadline);
  // Ends its timer; there are no connections left.
  server.close();
}

/** Accepts what the system has made before, one connection in each turn, until there is none. */
async function acceptMade(server: Server): Promise<void> {
  let accepted = 0;
  const count = (): void => {
    accepted += 1;
  };
  server.on('connection', count);
  let longTurns = 0;
  await nextTurn();
  for (;;) {
    const before = accepted;
    const startedAt = performance.now();
    await nextTurn();
    const isLong = performance.now() - startedAt > shortTurnMs;
    if (isLong) longTurns += 1;
    const isQuiet = accepted === before && (!isLong || longTurns > longTurnsMax);
    if (isQuiet || accepted > acceptsMax) break;
  }
  server.off('connection', count);
}

/** Has Node end the connection in order after its last answer, where it would destroy it. */
function endInOrderSoon(socket: Socket): void {
  socket.destroySoon = () => endInOrder(socket);
}

function endInOrder(socket: Socket): void {
  if (socket.writableEnded) return;
  socket.end();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
