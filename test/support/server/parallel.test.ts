import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createClient } from './http.ts';
import { callAtOnce, statusCounts } from './parallel.ts';

test('concurrent requests use one connection each, and none is answered before the last one arrives', async () => {
  const count = 20;
  const ports = new Set<number | undefined>();
  let release = (): void => {};
  const all = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server = createServer(async (incoming, outgoing) => {
    ports.add(incoming.socket.remotePort);
    if (ports.size === count) release();
    await all;
    outgoing.writeHead(incoming.url === '/?n=0' ? 201 : 422).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const unchecked = { check: () => ({ contract: null, operation: null }) };
  const client = createClient(`http://127.0.0.1:${port}`, async () => unchecked);
  try {
    const replies = await callAtOnce(client, count, (index) => [`GET /?n=${index}`]);
    assert.deepEqual(statusCounts(replies), { 201: 1, 422: count - 1 });
    assert.equal(replies[0]?.status, 201);
    assert.equal(client.seen.length, count);
  } finally {
    client.close();
    server.close();
  }
});
