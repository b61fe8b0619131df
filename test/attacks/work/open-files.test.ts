/**
 * A stranger opens more connections than the system gives files to the server. Without a file the server could accept no
 * connection and write no change, and what reads a file in a timer would end the process.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endStarted, makeFolder, removeFolder, serve } from '../../cli/program.ts';
import { askFrom, type Crowd, openCrowd } from '../support/raw-crowd.ts';

const openFilesMax = 100;
const person = { password: 'a quiet morning 17', first_name: 'Ada', last_name: 'Lovelace' };

test('a stranger with more connections than the server has files leaves it running, and others served', async () => {
  const folder = await makeFolder();
  const crowds: Crowd[] = [];
  after(async () => {
    for (const crowd of crowds) crowd.close();
    endStarted();
    await removeFolder(folder);
  });
  const server = await serve(folder, {}, openFilesMax);
  const texts = ['', 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 'GET /healthz HTTP/1.1\r\nHost'];
  for (const text of texts) {
    crowds.push(await openCrowd(server.url, { from: '127.1.1.1', count: 150, text }));
    // Longer than timers wait that read files.
    for (let count = 0; count < 3; count++) {
      const json = JSON.stringify({ user: { ...person, email: `${count}-${text.length}@example.com` } });
      const head = `POST /general/v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json`;
      const request = `${head}\r\nContent-Length: ${json.length}\r\n\r\n${json}`;
      assert.equal(await askFrom(server.url, '127.2.2.2', request), 201);
      await sleep(250);
    }
  }
  for (const crowd of crowds) crowd.close();
  const { exitCode, stderr } = await server.stop('SIGTERM');
  assert.equal(exitCode, 0, stderr);
});
