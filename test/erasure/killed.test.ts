/**
 * Kills a process (`SIGKILL`) at the steps of an erasure: at each third, and in the long form at every one. The next process continues: no user is half deleted,
 * nothing is complete with a trace of the person or with a grant that is alive, and the ledger has each erasure.
 */

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { User } from '../../src/core/directory/user.ts';
import { userDigestOf } from '../../src/core/erasure/erasure.ts';
import { listPublicKeys } from '../../src/core/erasure/receipt-key.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../providers/authorization-server.ts';
import { effort, slowTest as test } from '../support/effort.ts';
import { createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';
import { findInFolder } from './bytes.ts';
import { runKilledTask } from './killed-task.ts';
import { type LinkedFolder, makeLinkedFolder, type Running } from './linked-folder.ts';
import { claimsIn } from './receipts.ts';

/** More points than an erasure has. */
const pointsMax = 120;

/** From one point to the next at which a process is killed. A start of PostgreSQL's tests costs more. */
const strides = {
  sqlite: effort({ short: 3, long: 1 }),
  postgres: effort({ short: 13, long: 7 }),
};

describe('a process that is killed at the steps of an erasure', () => {
  let server: AuthorizationServer;
  before(async () => {
    server = await startAuthorizationServer();
  });
  after(() => server.close());

  /** Checks what must hold at any moment after the restart. */
  async function check(
    linked: LinkedFolder,
    running: Running,
    user: User,
    from: number,
  ): Promise<string | null> {
    const lines = await linked.ledger();
    const accepted = lines.find(({ kind, ...line }) => {
      return (
        kind === 'accepted' &&
        'erasure' in line &&
        'userId' in line.erasure &&
        line.erasure.userId === user.id
      );
    });
    const erasures = await running.core.work.readSystem('operator', (tx) => tx.erasures.list(null, 1_000));
    const own = erasures.filter(({ userDigest }) => userDigest === userDigestOf(user.id));
    const isThere = await running.isThere(user);
    assert.equal(own.length, isThere ? 0 : 1, 'the user is there, or one erasure is');
    if (accepted !== undefined) assert.ok(!isThere);
    const [erasure] = own;
    if (erasure === undefined) return null;
    if (erasure.state === 'complete') {
      assert.deepEqual(await server.liveTokens(from), []);
      if (linked.databaseUrl === undefined) {
        const { email, firstName, externalId } = user;
        assert.deepEqual(
          await findInFolder(linked.folder, [email ?? '', firstName ?? '', externalId ?? '']),
          [],
        );
      }
      const claims = claimsIn(erasure.receipt ?? '', await listPublicKeys(running.core));
      assert.equal(claims.removed['users'], 1);
      assert.deepEqual(
        claims.providers.map(({ outcome }) => outcome),
        ['confirmed'],
      );
    }
    return erasure.id;
  }

  async function killEverywhere(linked: LinkedFolder, stride: number): Promise<number> {
    for (let killAt = 1; killAt < pointsMax; killAt += stride) {
      const from = server.issued.length;
      const mark = `killed-at-${killAt}`;
      const first = await linked.start();
      const user = await first.connectUser({
        externalId: `ext-${mark}-x`,
        email: `${mark}@example.com`,
        firstName: `Aurelia ${mark} x`,
      });
      await first.close();
      const isKilled = await runKilledTask({
        ...{ folder: linked.folder, databaseUrl: linked.databaseUrl, now: linked.clock.now() },
        ...{ orgKey: linked.orgKey, userId: user.id, serverUrl: server.url, killAt },
      });
      const running = await linked.start();
      // The leases of the dead process expire.
      const id = (await check(linked, running, user, from)) ?? (await running.erase(user));
      linked.clock.advance(180_000);
      await running.workOff(id);
      assert.equal(await check(linked, running, user, from), id);
      assert.equal((await running.erasureOf(id))?.state, 'complete', `killed at ${killAt}`);
      const lines = await linked.ledger();
      const of = lines.filter((line) => 'erasure' in line && line.erasure.id === id);
      const count = (kind: string): number => of.filter((line) => line.kind === kind).length;
      assert.equal(count('accepted'), 1, `accepted, killed at ${killAt}`);
      assert.equal(count('completed'), 1, `completed, killed at ${killAt}`);
      assert.deepEqual(await running.core.ledger.grants.list(), [], `killed at ${killAt}`);
      await running.close();
      if (!isKilled) return killAt - 1;
    }
    throw new Error('it never came to its end');
  }

  test('leaves an erasure that the next process continues, on SQLite', async () => {
    const linked = await makeLinkedFolder({ server });
    try {
      const points = await killEverywhere(linked, strides.sqlite);
      assert.ok(points >= 30, `${points} points`);
    } finally {
      await linked.remove();
    }
  });

  test('leaves an erasure that the next process continues, on PostgreSQL', async () => {
    const database: OwnDatabase = await createDatabase();
    const linked = await makeLinkedFolder({ server }, database.url);
    try {
      assert.ok((await killEverywhere(linked, strides.postgres)) >= 30);
    } finally {
      await linked.remove();
      await database.drop();
    }
  });
});
