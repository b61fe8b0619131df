/** The demo provider of a process that has just started, where jobs call it before the server listens. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createApp } from '../../src/app/create-app.ts';
import { readConfig } from '../../src/config/config.ts';
import { findPort } from '../support/machine/port.ts';
import { createFakeClock } from '../support/server/clock.ts';

test('a grant of a former process that is ended while the server begins to listen is reported as gone', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'roster-demo-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { config, secrets } = readConfig({ ROSTER_DATA_DIR: folder, PORT: String(await findPort()) });
  const app = await createApp({ config, secrets, clock: createFakeClock() });
  t.after(() => app.close());
  const demo = app.core.providers.find('demo');
  assert.ok(demo);
  await app.listen();
  const answer = await demo.end({
    kind: 'tokens',
    clientId: demo.clientId,
    accessToken: 'of-a-former-process',
    refreshToken: 'of-a-former-process-too',
    expiresAt: null,
    account: null,
  });
  assert.deepEqual(answer, { kind: 'ended', outcome: 'inactive', covers: 'tokens' });
});
