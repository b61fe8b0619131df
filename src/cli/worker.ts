/**
 * One of several processes that serve one address. It is a server like any other; the first one of a start also
 * introduces the program, in words that the supervisor says for it.
 */
import cluster from 'node:cluster';
import type { Reading } from '../config.ts';
import type { Outcome } from './command.ts';
import { introduce, type Server, startServer } from './server.ts';
import { type ServingMessage, startedAtName } from './worker-message.ts';

/** Serves until it is told to stop; resolves at the end, with nothing to say. */
export async function serveAsWorker(reading: Reading, stopped: Promise<void>): Promise<Outcome> {
  try {
    const server = await startServer(reading);
    try {
      tell({ serving: cluster.worker?.id === 1 ? await introduceProgram(server, reading) : null });
      await stopped;
    } finally {
      await server.app.close();
    }
    return { json: null, text: '' };
  } finally {
    // The connection to the supervisor would keep the process alive.
    cluster.worker?.disconnect();
  }
}

function introduceProgram(server: Server, reading: Reading): ReturnType<typeof introduce> {
  return introduce(server, reading, Number(process.env[startedAtName]));
}

function tell(message: ServingMessage): void {
  process.send?.(message);
}
