/**
 * Writes a body in pieces as fast as the reader takes them. Memory stays flat: the server pulls one piece at a time,
 * and none while the connection's buffer is full. When the reader leaves, the source is ended with `return()`. When
 * the source fails, the connection is closed, so that a broken body never looks complete. A reader that does not take a
 * piece in time is gone: one that took single bytes now and then would otherwise keep its place for ever.
 */
import type { ServerResponse } from 'node:http';
import type { Piece } from '../contract.ts';

/** Small pieces are joined up to this length, because each write is a separate chunk. */
const gatheredMin = 16 * 1024;

/**
 * Writes `first` immediately and then the rest. Resolves when Node has all of it or the reader has left; rejects with
 * the error of the source.
 */
export async function pump(
  response: ServerResponse,
  first: string | Uint8Array,
  { rest, stallTimeoutMs }: { readonly rest: AsyncIterator<Piece>; readonly stallTimeoutMs: number },
): Promise<void> {
  let isDone = false;
  try {
    let isFree = response.write(first);
    let gathered = '';
    while (!response.destroyed) {
      if (!isFree) {
        await drained(response, stallTimeoutMs);
        isFree = true;
        continue;
      }
      const next = await rest.next();
      if (next.done === true) {
        isDone = true;
        response.end(gathered);
        return;
      }
      if (typeof next.value !== 'string') {
        if (gathered !== '') response.write(gathered);
        isFree = response.write(next.value);
        gathered = '';
        continue;
      }
      gathered += next.value;
      if (gathered.length < gatheredMin) continue;
      isFree = response.write(gathered);
      gathered = '';
    }
  } catch (error) {
    isDone = true;
    response.destroy();
    throw error;
  } finally {
    if (!isDone) await rest.return?.();
  }
}

/** Resolves when the connection takes more bytes, or is closed; closes it when that takes too long. */
function drained(response: ServerResponse, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), timeoutMs);
    const done = (): void => {
      clearTimeout(timer);
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
