/** Many concurrent requests, each on its own connection; all connections are open before the first byte is sent. */
import { connect, type Socket } from 'node:net';
import type { Ask, Client, Reply } from './http.ts';

/**
 * Sends `count` requests at the same moment and resolves with their answers in order.
 *
 *     const replies = await callAtOnce(client, 50, () => ['POST /general/v1/users', { json }]);
 *     assert.deepEqual(statusCounts(replies), { 201: 1, 422: 49 });
 */
export async function callAtOnce(
  client: Client,
  count: number,
  compose: (index: number) => readonly [line: string, ask?: Ask],
): Promise<readonly Reply[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => openSocket(client.baseUrl)));
  try {
    return await Promise.all(
      sockets.map((socket, index) => {
        const [line, ask] = compose(index);
        return client.call(line, { ...ask, socket });
      }),
    );
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** The number of answers by status. */
export function statusCounts(replies: readonly Reply[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function openSocket(baseUrl: string): Promise<Socket> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
