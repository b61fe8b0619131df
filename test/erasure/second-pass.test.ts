/**
 * Rows that are written between a deletion and the end of its erasure name the person again. The second pass
 * removes them, and no rows of other people.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { emailSubject, userSubject } from '../../src/core/access/subject.ts';
import { deleteUser } from '../../src/core/directory/user-lifecycle.ts';
import { advanceErasures } from '../../src/core/erasure/complete-erasures.ts';
import { listPublicKeys } from '../../src/core/erasure/receipt-key.ts';
import { newPrefixedId } from '../../src/core/ids.ts';
import { type Deployment, openDeployment } from '../jobs/deployment.ts';
import { claimsIn } from './receipts.ts';

describe('the second pass', () => {
  let deployment: Deployment;
  before(async () => {
    deployment = await openDeployment();
  });
  after(() => deployment.close());

  /** A request for a link and a wrong password, from clients that do not know yet that the user is deleted. */
  async function leave(subject: string): Promise<void> {
    const { core, orgKey, clock } = deployment;
    await core.work.change(orgKey, async (tx) => {
      await tx.throttles.addFailure(subject, { network: 'network', group: 'unknown' }, clock.now(), 1);
      await tx.throttles.hit('reset', subject, [{ limit: 5, windowMs: 60_000 }], clock.now());
      await tx.passwordRequests.insert({
        ...{ id: newPrefixedId('tok'), emailDigest: subject, sealedEmail: 'sealed', door: 'general' },
        createdAt: clock.now(),
      });
    });
  }

  const rowsOf = (subject: string): number[] => {
    const { rows } = deployment;
    return [
      rows.count('login_failures', `subject = '${subject}'`),
      rows.count('throttle_hits', `subject = '${subject}'`),
      rows.count('password_requests', `email_digest = '${subject}'`),
    ];
  };

  async function removedBy(erasureId: string): Promise<Readonly<Record<string, number>>> {
    const { core, orgKey } = deployment;
    assert.partialDeepStrictEqual(await advanceErasures(core, 10), { taken: 1, completed: 1 });
    const erasure = await core.work.read(orgKey, (tx) => tx.erasures.find(erasureId));
    return claimsIn(erasure?.receipt ?? '', await listPublicKeys(core)).removed;
  }

  async function erase(email: string): Promise<{ erasureId: string; account: string; address: string }> {
    const { core, orgKey } = deployment;
    const { id } = await deployment.addUser({ email });
    const operator = { kind: 'operator', door: 'test', orgKey } as const;
    const { erasureId } = await deleteUser(core, operator, { ref: { id } });
    const account = userSubject(core.secrets, orgKey, id);
    return { erasureId, account, address: emailSubject(core.secrets, orgKey, email) };
  }

  test('removes and counts rows that were written since under the account and the address', async () => {
    const { erasureId, account, address } = await erase('between@example.com');
    const neighbour = emailSubject(deployment.core.secrets, deployment.orgKey, 'neighbour@example.com');
    for (const subject of [account, address, neighbour]) await leave(subject);
    assert.deepEqual(await removedBy(erasureId), {
      ...{ users: 1, login_failures: 4, throttle_hits: 2, password_requests: 2 },
    });
    assert.deepEqual(
      [rowsOf(account), rowsOf(address)],
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
    );
    assert.deepEqual(rowsOf(neighbour), [2, 1, 1]);
  });

  test('removes rows under every key of the address', async () => {
    const { core, orgKey } = deployment;
    const { erasureId, account } = await erase('Between@bücher.example');
    const keys = ['between@xn--bcher-kva.example', 'between@bücher.example'];
    const subjects = keys.map((key) => core.secrets.keyedDigest('email', `${orgKey} ${key}`));
    for (const subject of [account, ...subjects]) await leave(subject);
    assert.deepEqual(await removedBy(erasureId), {
      ...{ users: 1, login_failures: 6, throttle_hits: 3, password_requests: 3 },
    });
  });

  test('keeps rows of an address that another user has by now', async () => {
    const { erasureId, account, address } = await erase('again@example.com');
    await deployment.addUser({ email: 'Again@example.com' });
    for (const subject of [account, address]) await leave(subject);
    assert.deepEqual(await removedBy(erasureId), {
      ...{ users: 1, login_failures: 2, throttle_hits: 1, password_requests: 1 },
    });
    assert.deepEqual(
      [rowsOf(account), rowsOf(address)],
      [
        [0, 0, 0],
        [2, 1, 1],
      ],
    );
  });
});
