/**
 * In an organization with imported password hashes, the time of a wrong password tells neither which kind of hash an account
 * has, nor whether there is an account.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { hash } from 'bcrypt';
import Database from 'better-sqlite3';
import { dearestOf, measureHashes } from '../../src/core/transfer/dearest-hash.ts';
import { databaseFile } from '../../src/store/sqlite/sqlite-store.ts';
import { slowTest as test } from '../support/effort.ts';
import { type QuietServer, startQuietServer } from './support/quiet-server.ts';

/** A salted SHA-1 of LDAP: a thousand times cheaper than a hash of ours. */
const cheap = '{SSHA}sQfFuhdqaLUX7tlMFByI2YAiNQqNsUr2';

const roundsMax = 20;

describe('a wrong password, beside imported hashes', () => {
  let server: QuietServer;
  const email = (kind: string): string => `${kind}@example.com`;
  before(async () => {
    server = await startQuietServer({});
    const dear = await hash('another', 10);
    const own = await server.core.hasher.hash('another');
    for (const [kind, passwordHash] of Object.entries({ cheap, dear, own })) {
      await server.addUser({ email: email(kind), passwordHash });
    }
    // As the migration leaves an organization that has imported hashes.
    const database = new Database(join(server.folder, databaseFile));
    database.prepare('insert into hash_costs values (?, 1, 0)').run(server.orgKey);
    database.close();
    assert.equal(await measureHashes(server.core), true);
    assert.equal(await measureHashes(server.core), false);
  });
  after(() => server.close());

  const find = () => server.core.work.read(server.orgKey, (tx) => tx.hashCosts.find());

  test('the dearest kind is known, from the directory and from each import, and costs only rise', async () => {
    assert.deepEqual(await find(), { units: 2, isMeasured: true });
    for (const units of [1, 3, 2]) {
      await server.core.work.change(server.orgKey, (tx) => tx.hashCosts.raise(units));
    }
    assert.deepEqual(await find(), { units: 3, isMeasured: true });
    assert.equal(dearestOf(server.core, [{ passwordHash: null }]), null);
    assert.equal(dearestOf(server.core, [{ passwordHash: cheap }]), 1);
  });

  test('takes one time, whatever the hash and without an account', async () => {
    const shortest = new Map<string, number>();
    // Without the wait they differ by a factor of a hundred. A busy machine needs some rounds to show the shortest time.
    const areAlike = (): boolean => {
      const times = [...shortest.values()];
      return times.length > 0 && Math.max(...times) < 2 * Math.min(...times);
    };
    for (let round = 0; round < roundsMax && !areAlike(); round += 1) {
      server.clock.advance(3_600_000);
      for (const kind of ['cheap', 'dear', 'own', 'unknown']) {
        const body = JSON.stringify({ email: email(kind), password: 'not the password' });
        const headers = { 'content-type': 'application/json' };
        const startedAt = performance.now();
        const reply = await fetch(`${server.origin}/general/v1/sessions`, { method: 'POST', headers, body });
        const time = performance.now() - startedAt;
        assert.equal(reply.status, 401);
        // The first round tells the server how fast this machine is.
        if (round > 0) shortest.set(kind, Math.min(time, shortest.get(kind) ?? time));
      }
    }
    assert.ok(areAlike(), JSON.stringify([...shortest]));
  });
});
