/** A server does nothing before it listens, and knows its address afterwards. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type App, createApp } from '../../src/app/create-app.ts';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { queueMessage } from '../../src/core/messaging/queue-message.ts';
import { addPerson } from '../support/contracts/people.ts';
import { findPort } from '../support/machine/port.ts';
import { createFakeClock } from '../support/server/clock.ts';
import { openRows } from '../support/server/rows.ts';
import { startRoster, testDoor } from '../support/server/start.ts';

describe('a server whose port is taken', () => {
  const other = createServer();
  let taken: string;
  before(async () => {
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const address = other.address();
    assert.ok(typeof address === 'object' && address !== null);
    taken = String(address.port);
  });
  after(() => other.close());

  /** Stores a message that is due when the app starts. */
  async function writeMessage({ core }: App): Promise<void> {
    const { organization, app } = await createOrganization(core, testDoor, 'Clinic');
    await core.work.change(organization.key, async (tx) => {
      const user = await tx.users.insert(newUserOf(app.id, core.clock.now()));
      await queueMessage(core, tx, user, {
        template: 'confirmation',
        channel: 'sms',
        to: '+15551234567',
        code: '123456',
      });
    });
  }

  for (const name of ['PORT', 'ROSTER_METRICS_PORT']) {
    test(`(${name}) reports it in one line, answers no request, and starts no due work`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'roster-test-'));
      try {
        const free = String(await findPort());
        const { config, secrets } = readConfig({
          ...{ ROSTER_DATA_DIR: folder, PORT: free, ROSTER_LOG_LEVEL: 'silent' },
          [name]: taken,
        });
        const app = await createApp({ config, secrets, clock: createFakeClock() });
        await writeMessage(app);
        await assert.rejects(app.listen(), (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, new RegExp(`^${name} ${taken} is in use on 127\\.0\\.0\\.1: .+$`));
          return true;
        });
        if (name !== 'PORT') await assert.rejects(fetch(`http://127.0.0.1:${free}/healthz`));
        await app.close();
        const rows = openRows(folder);
        const [message] = await rows.all('messages');
        rows.close();
        assert.deepEqual([message?.['state'], message?.['attempts']], ['queued', 0]);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});

test('links in messages have the actual port if the setting allows any port', async () => {
  const roster = await startRoster();
  try {
    const email = 'ida@example.com';
    await addPerson(roster, { email, status: 'active' });
    await roster.call('POST /v1/users/passwords', { json: { email } });
    const { body } = await roster.lastMessage(email);
    const [link = ''] = /http:\S+/.exec(body) ?? [];
    const { port } = new URL(roster.baseUrl);
    assert.equal(new URL(link).host, `localhost:${port}`);
    assert.equal((await fetch(link)).status, 200);
  } finally {
    await roster.close();
  }
});
