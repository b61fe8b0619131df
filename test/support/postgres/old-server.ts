/** A server that answers each question with a version number, as a PostgreSQL of that release does, and knows nothing else. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export interface OldServer {
  readonly url: string;
  close(): void;
}

/** Starts a server whose `server_version_num` is `version`. */
export async function startOldServer(version: number): Promise<OldServer> {
  const server = createServer((socket) => answer(socket, String(version)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `postgres://roster@127.0.0.1:${port}/roster`, close: () => server.close() };
}

/** The messages are those of PostgreSQL's protocol 3: a letter, the length, and the content. */
function answer(socket: Socket, version: string): void {
  const ready = message('Z', Buffer.from('I'));
  const column = Buffer.concat([Buffer.from('\0\x01version\0'), Buffer.alloc(18)]);
  const row = Buffer.concat([Buffer.from('\0\x01'), lengthOf(version.length), Buffer.from(version)]);
  const rows = [message('T', column), message('D', row), message('C', Buffer.from('SELECT 1\0')), ready];
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]));
    socket.on('data', (bytes) => {
      if (bytes[0] === 'Q'.charCodeAt(0)) socket.write(Buffer.concat(rows));
    });
  });
}

function message(letter: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(letter), lengthOf(content.length + 4), content]);
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(length);
  return bytes;
}
