/**
 * An erasure whose secret is lost: its traces cannot be searched for, so it is never complete, and operators see
 * it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteUser } from '../../src/core/directory/user-lifecycle.ts';
import { advanceErasures } from '../../src/core/erasure/complete-erasures.ts';
import { erasureDueMs } from '../../src/core/erasure/erasure.ts';
import { createSecretBox } from '../../src/core/secret.ts';
import { hourMs } from '../../src/core/time.ts';
import { openDeployment } from '../jobs/deployment.ts';

test('an erasure that no known secret opens becomes overdue, delays no other, and continues once the secret is back', async () => {
  const deployment = await openDeployment();
  try {
    const { core, clock, orgKey } = deployment;
    const stranger = { ...core, secrets: createSecretBox('a-secret-that-was-never-known-here') };
    const operator = { kind: 'operator', door: 'test', orgKey } as const;
    const erase = async (by: typeof core): Promise<string> => {
      const { id } = await deployment.addUser({ email: `${crypto.randomUUID()}@example.com` });
      return (await deleteUser(by, operator, { ref: { id } })).erasureId;
    };
    const stateOf = async (id: string) => (await core.work.read(orgKey, (tx) => tx.erasures.find(id)))?.state;
    const lost = await erase(stranger);
    assert.partialDeepStrictEqual(await advanceErasures(core, 10), { taken: 1, completed: 0, sealed: 1 });
    assert.equal(await stateOf(lost), 'running');
    const known = await erase(core);
    assert.partialDeepStrictEqual(await advanceErasures(core, 1), { taken: 1, completed: 1, sealed: 0 });
    assert.equal(await stateOf(known), 'complete');
    clock.advance(erasureDueMs);
    await advanceErasures(core, 10);
    assert.equal(await stateOf(lost), 'overdue');
    clock.advance(hourMs);
    await advanceErasures(core, 10);
    assert.equal(await stateOf(lost), 'overdue');
    clock.advance(hourMs);
    assert.partialDeepStrictEqual(await advanceErasures(stranger, 10), { completed: 1, sealed: 0 });
    assert.equal(await stateOf(lost), 'complete');
  } finally {
    await deployment.close();
  }
});
