/** Many raw connections from one address of this machine: all of 127.0.0.0/8 is loopback, so each address is a network. */
import { connect, type Socket } from 'node:net';

export interface Crowd {
  readonly sockets: readonly Socket[];
  /** What the server sent on each connection so far. */
  readonly received: readonly string[];
  /** How many connections the server has not closed. */
  open(): number;
  close(): void;
}

/** Opens the connections, and sends the text on each of them. Resolves when all are connected or refused. */
export async function openCrowd(
  origin: string,
  { from, count, text = '' }: { readonly from: string; readonly count: number; readonly text?: string },
): Promise<Crowd> {
  const { hostname, port } = new URL(origin);
  const received: string[] = Array.from({ length: count }, () => '');
  const closed = new Set<number>();
  const sockets = await Promise.all(
    received.map(async (_, index) => {
      const socket = connect({ host: hostname, port: Number(port), localAddress: from });
      socket.on('error', () => closed.add(index));
      socket.on('close', () => closed.add(index));
      socket.on('data', (piece) => {
        received[index] += piece.toString('latin1');
      });
      await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
      if (text !== '' && !socket.destroyed) socket.write(text);
      return socket;
    }),
  );
  return {
    ...{ sockets, received },
    open: () => count - closed.size,
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** One whole request from that address; its status. 0 where the server closed the connection without an answer. */
export async function askFrom(origin: string, from: string, request: string): Promise<number> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), localAddress: from });
  let received = '';
  socket.on('data', (piece) => {
    received += piece.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write(request);
  await new Promise((resolve) => socket.once('close', resolve));
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0);
}
