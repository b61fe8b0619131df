/** Several processes complete erasures at the same time: each erasure ends once, with one receipt of one key. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { advanceErasures } from '../../src/core/erasure/complete-erasures.ts';
import { eraseUsers } from '../../src/core/erasure/erase-users.ts';
import { listPublicKeys } from '../../src/core/erasure/receipt-key.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../providers/authorization-server.ts';
import { slowTest as test } from '../support/effort.ts';
import { createDatabase } from '../support/postgres/postgres.ts';
import { makeLinkedFolder } from './linked-folder.ts';
import { claimsIn } from './receipts.ts';

const people = 240;

describe('erasures on which two processes work', () => {
  let server: AuthorizationServer;
  before(async () => {
    server = await startAuthorizationServer();
  });
  after(() => server.close());

  for (const database of ['SQLite', 'PostgreSQL'] as const) {
    test(`end once each, on ${database}`, async () => {
      const own = database === 'SQLite' ? null : await createDatabase();
      const linked = await makeLinkedFolder({ server }, own?.url);
      try {
        const both = [await linked.start(), await linked.start()];
        const [first] = both;
        assert.ok(first);
        const users = [];
        for (let made = 0; made < people; made += 1) {
          const { id } = await first.addUser({
            externalId: `ext-${made}`,
            email: `together-${made}@example.com`,
          });
          users.push({ orgKey: linked.orgKey, userId: id });
        }
        const outcomes = Array.fromAsync(eraseUsers(first.core, 'test', { users }));
        // Both processes claim erasures while more of them begin.
        let isOver = false;
        const working = both.map(async ({ core }) => {
          let completed = 0;
          for (;;) {
            const wasOver = isOver;
            const round = await advanceErasures(core, 50);
            completed += round.completed;
            if (round.taken === 0 && wasOver) return completed;
            if (round.taken === 0 || round.postponed > 0) await sleep(5);
          }
        });
        await outcomes;
        isOver = true;
        const counts = await Promise.all(working);
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          people,
        );
        const erasures = await first.core.work.readSystem('operator', (tx) => tx.erasures.list(null, 1_000));
        const jwks = await listPublicKeys(first.core);
        assert.equal(jwks.keys.length, 1);
        for (const { state, receipt, id } of erasures) {
          assert.equal(state, 'complete');
          assert.equal(claimsIn(receipt ?? '', jwks).erasure_id, id);
        }
        const completed = (await linked.ledger()).flatMap((line) =>
          line.kind === 'completed' ? [line] : [],
        );
        assert.deepEqual(
          new Map(completed.map(({ erasure }) => [erasure.id, erasure.receipt])),
          new Map(erasures.map(({ id, receipt }) => [id, receipt])),
        );
        assert.equal(completed.length, people);
        for (const running of both) await running.close();
      } finally {
        await linked.remove();
        await own?.drop();
      }
    });
  }
});
