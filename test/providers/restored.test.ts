/** Grants in a database that was restored from a backup: tokens that were renewed since are ended too. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Core } from '../../src/core/core.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { deleteUser, newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { finishConnection } from '../../src/core/providers/callback.ts';
import { startConnection } from '../../src/core/providers/user-connections.ts';
import { createCompleteErasuresJob } from '../../src/jobs/complete-erasures.ts';
import type { Journal } from '../../src/jobs/journal.ts';
import { createRefreshTokensJob } from '../../src/jobs/refresh-tokens.ts';
import { createRevokeGrantsJob } from '../../src/jobs/revoke-grants.ts';
import type { Job } from '../../src/jobs/runner.ts';
import { backUp, prepareRestore } from '../../src/store/copies/backup.ts';
import { createTestJournal, openCore } from '../jobs/deployment.ts';
import { createFakeClock } from '../support/server/clock.ts';
import { startAuthorizationServer } from './authorization-server.ts';
import { begin, browser } from './begin.ts';
import { linkProvider, providerName } from './linked-provider.ts';

const hourMs = 3_600_000;

for (const isForgetful of [false, true]) {
  describe(
    isForgetful ? 'a provider that does not end reused grants' : 'a provider that ends reused grants',
    () => {
      test('a deletion after a restore is not complete while a token is valid that the backup does not have', async (t) => {
        const folder = await mkdtemp(join(tmpdir(), 'roster-restored-'));
        const copies = mkdtempSync(join(tmpdir(), 'roster-copies-'));
        const server = await startAuthorizationServer({ isForgetful });
        t.after(async () => {
          await server.close();
          await rm(folder, { recursive: true });
          rmSync(copies, { recursive: true });
        });
        const clock = createFakeClock();
        const providers = linkProvider({
          serverUrl: server.url,
          proxyUrl: server.url,
          clock,
          endsReusedGrants: !isForgetful,
        });
        const open = async () => {
          const { core, closeStore } = await openCore(folder, clock);
          return { core: { ...core, providers } satisfies Core, closeStore };
        };
        const journal = createTestJournal();
        const work = async (core: Core, ...jobs: ((core: Core, journal: Journal) => Job)[]) => {
          for (const create of jobs) {
            const job = create(core, journal);
            await job.run();
            await job.finish?.();
          }
        };

        const first = await open();
        const { organization, app } = await createOrganization(first.core, 'test', 'Default');
        const operator = { kind: 'operator', door: 'test', orgKey: organization.key } as const;
        const user = await first.core.work.change(organization.key, (tx) =>
          tx.users.insert(newUserOf(app.id, clock.now())),
        );
        const asked = { user: { id: user.id }, provider: providerName, returnTo: 'page' } as const;
        const { authUrl } = await startConnection(first.core, operator, asked);
        const callback = await server.authorize(await begin(first.core, authUrl));
        await finishConnection(first.core, { door: 'connect', parameters: callback.searchParams, browser });
        backUp(folder, join(copies, 'backup.db'));
        clock.advance(hourMs);
        await work(first.core, createRefreshTokensJob);
        assert.equal(server.issued.length, 4);
        await first.closeStore();

        const restoration = prepareRestore(folder, join(copies, 'backup.db'));
        restoration.commit();
        restoration.end();
        const second = await open();
        const { erasureId } = await deleteUser(second.core, operator, { ref: { id: user.id } });
        const stateOf = async () =>
          (await second.core.work.readSystem('operator', (tx) => tx.erasures.find(erasureId)))?.state;
        for (let hour = 0; hour < 3; hour += 1) {
          await work(second.core, createRevokeGrantsJob, createCompleteErasuresJob);
          clock.advance(hourMs);
          if ((await stateOf()) === 'complete') assert.deepEqual(await server.liveTokens(), []);
        }
        assert.equal(await stateOf(), isForgetful ? 'running' : 'complete');
        assert.deepEqual(journal.faults, []);
        await second.closeStore();
      });
    },
  );
}
