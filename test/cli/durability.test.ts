import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ended } from './command-host.ts';
import { makeFolder, readJson, removeFolder, serve } from './program.ts';

const clients = 8;
const createdMin = 200;

test('every change that was answered 2xx is kept after the process is killed under load', async () => {
  const folder = await makeFolder();
  const killed = await serve(folder);
  const authorization = `Bearer ${killed.output.text('apiKey')}`;
  const answered = new Set<string>();
  let ended: Promise<Ended> | undefined;

  async function createUntilDead(client: number): Promise<void> {
    for (let index = 0; ; index++) {
      const reference = `${client}-${index}`;
      try {
        const answer = await fetch(`${killed.url}/sonar/v1/users`, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify({ reference_id: reference }),
        });
        if (answer.status === 201) answered.add(reference);
        await answer.arrayBuffer();
      } catch {
        return;
      }
      if (answered.size >= createdMin) ended ??= killed.stop('SIGKILL');
    }
  }

  const load = Array.from({ length: clients }, (_, client) => createUntilDead(client));
  await Promise.all(load);
  assert.equal((await ended)?.exitCode, null);

  const restarted = await serve(folder);
  const { appId, appKey } = {
    appId: killed.output.text('app.appId'),
    appKey: killed.output.text('app.appKey'),
  };
  const headers = { authorization: `Basic ${Buffer.from(`${appKey}:`).toString('base64')}` };
  const answer = await fetch(`${restarted.url}/humanapi/v1/apps/${appId}/users`, { headers });
  const users = readJson(await answer.text());
  const present = new Set(users.list().map((_, index) => users.text(`${index}.externalId`)));
  assert.ok(answered.size >= createdMin);
  assert.deepEqual(
    [...answered].filter((reference) => !present.has(reference)),
    [],
  );
  // Each client had at most one request under way, so at most that many further users exist.
  assert.ok(present.size <= answered.size + clients, `${present.size} of ${answered.size}`);
  await restarted.stop('SIGTERM');
  await removeFolder(folder);
});
