/** Connections that are open before an attack begins, so that all its requests reach the server at the same time. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One connection, for one request at a time. */
export interface ReadyLine {
  /** Sends the bytes of a request; resolves with the status when the head of its answer has come. */
  ask(bytes: string): Promise<number>;
  /** Sends the bytes of a request, whose answer is in chunks; resolves with the number of its bytes when it is complete. */
  readAll(bytes: string): Promise<number>;
  readonly socket: Socket;
}

const lastChunk = '0\r\n\r\n';

export interface ReadyLines {
  readonly all: readonly ReadyLine[];
  close(): void;
}

export async function openLines(origin: string, count: number): Promise<ReadyLines> {
  const { hostname, port } = new URL(origin);
  const all: ReadyLine[] = [];
  // A listener keeps a bounded number of connections that it has not accepted yet.
  while (all.length < count) {
    const some = Array.from({ length: Math.min(50, count - all.length) }, () =>
      openLine(hostname, Number(port)),
    );
    all.push(...(await Promise.all(some)));
  }
  return {
    all,
    close() {
      for (const { socket } of all) socket.destroy();
    },
  };
}

async function openLine(host: string, port: number): Promise<ReadyLine> {
  const socket = connect(port, host);
  socket.on('error', () => {});
  await once(socket, 'connect');
  const line: ReadyLine = {
    socket,
    async ask(bytes) {
      const answer = once(socket, 'data');
      socket.write(bytes);
      const [piece] = await answer;
      return Number(/^HTTP\/1\.1 (\d+)/.exec(String(piece))?.[1]);
    },
    readAll(bytes) {
      const { promise, resolve } = Promise.withResolvers<number>();
      let length = 0;
      const onData = (piece: Buffer): void => {
        length += piece.length;
        if (!piece.toString('latin1', piece.length - lastChunk.length).endsWith(lastChunk)) return;
        socket.off('data', onData);
        resolve(length);
      };
      socket.on('data', onData);
      socket.write(bytes);
      return promise;
    },
  };
  // From its first answer on, the server has accepted the connection and reads it.
  await line.ask('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  return line;
}
