import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { idempotencyLifeMs } from '../../../src/core/access/idempotency-store.ts';
import type { User } from '../../../src/core/directory/user.ts';
import { isRefusal } from '../../../src/core/errors.ts';
import { newPrefixedId } from '../../../src/core/ids.ts';
import { type Message, messageRetentionMs } from '../../../src/core/messaging/message.ts';
import { addTenant, claimDueMessages, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const leaseMs = 60_000;

suiteOnEveryDatabase('the stores of messages, requests and outcomes', (own) => {
  let tenant: Tenant;
  let user: User;

  beforeEach(async () => {
    tenant = await addTenant(own());
    user = await own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
    // A claim takes messages of all organizations, so those of the test before are settled first.
    for (const message of await claim(Number.MAX_SAFE_INTEGER - leaseMs, 100)) {
      await settle(message, { state: 'failed' });
    }
  });

  const post = async (createdAt: number, said: Partial<Message> = {}): Promise<Message> => {
    const message = {
      id: newPrefixedId('msg'),
      userId: user.id,
      channel: 'sms',
      template: 'confirmation',
      isOutboxOnly: false,
      destination: 'of phone',
      sealedContent: 'sealed',
      createdAt,
      ...said,
    } as const;
    await own().change(tenant.orgKey, (tx) => tx.messages.insert(message));
    return { ...message, orgKey: tenant.orgKey, state: 'queued', attempts: 0 };
  };
  const claim = (now: number, limit: number) =>
    own().changeSystem('job', (tx) => claimDueMessages(tx, { now, leaseMs, limit }));
  type Outcome = Parameters<
    Parameters<Parameters<ReturnType<typeof own>['changeSystem']>[1]>[0]['messages']['settle']
  >[1];
  const settle = (message: Message, outcome: Outcome, now = 0) =>
    own().changeSystem('job', (tx) => tx.messages.settle(message, outcome, now));
  const listed = () => own().readSystem('operator', (tx) => tx.messages.listWithContent(100));

  test('due messages are claimed oldest first, and no other claim gets them during the lease', async () => {
    const first = await post(10);
    const second = await post(11, { channel: 'email', isOutboxOnly: true });
    assert.deepEqual(await claim(10, 10), [
      { ...first, attempts: 1 },
      { ...second, attempts: 1 },
    ]);
    assert.deepEqual(await claim(10, 10), []);
    await post(12);
    const again = await claim(10 + leaseMs, 3);
    assert.deepEqual(
      again.map(({ attempts, createdAt }) => ({ attempts, createdAt })),
      [
        { attempts: 2, createdAt: 10 },
        { attempts: 2, createdAt: 11 },
        { attempts: 1, createdAt: 12 },
      ],
    );
  });

  test('of many claims at the same time each message goes to one', async () => {
    for (let at = 0; at < 10; at++) await post(at);
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(100, 3)));
    const ids = claims.flat().map(({ id }) => id);
    assert.equal(ids.length, 10);
    assert.equal(new Set(ids).size, 10);
  });

  test('a sent or failed message loses its content; kept ones are listed with it, newest first', async () => {
    const sent = await post(1);
    const failed = await post(1);
    const kept = await post(1);
    const waiting = await post(1);
    await claim(1, 10);
    await settle(sent, { state: 'sent' });
    await settle(failed, { state: 'failed' });
    await settle(kept, { state: 'kept' });
    assert.deepEqual((await listed()).slice(0, 2), [
      { ...waiting, attempts: 1 },
      { ...kept, attempts: 1, state: 'kept', destination: '' },
    ]);
    await settle(sent, { state: 'kept' });
    await settle(kept, { state: 'failed' });
    const ids = (await listed()).map(({ id }) => id);
    assert.ok(ids.includes(kept.id), 'an outcome is not taken back');
    assert.ok(!ids.includes(sent.id) && !ids.includes(failed.id));
    assert.deepEqual(
      (await claim(1 + leaseMs, 10)).map(({ id }) => id),
      [waiting.id],
    );
  });

  test('a message that could not be sent is due again at its time', async () => {
    const message = await post(1);
    await claim(1, 1);
    await settle(message, { state: 'queued', nextAttemptAt: 500, attempts: 1 }, 400);
    assert.deepEqual(await claim(499, 1), []);
    assert.deepEqual(await claim(500, 1), [{ ...message, attempts: 2 }]);
  });

  test('the age of a message that was written while the clock was wrong begins at its next retry', async () => {
    const message = await post(5_000);
    await claim(5_000, 1);
    await settle(message, { state: 'queued', nextAttemptAt: 450, attempts: 1 }, 400);
    assert.deepEqual(await claim(450, 1), [{ ...message, createdAt: 400, attempts: 2 }]);
  });

  test('settling a deleted message does nothing', async () => {
    const message = await post(1);
    await own().change(tenant.orgKey, (tx) => tx.users.erase(user, []));
    await settle(message, { state: 'sent' });
    assert.deepEqual(await claim(100, 10), []);
  });

  test('requests for a reset link are listed oldest first and consumed once', async () => {
    const { orgKey } = tenant;
    const ask = (id: string) => ({
      id,
      emailDigest: 'digest',
      sealedEmail: 'sealed',
      door: 'general',
      createdAt: 5,
    });
    await own().change(orgKey, async ({ passwordRequests }) => {
      await passwordRequests.insert(ask('second-by-name'));
      await passwordRequests.insert(ask('first-by-name'));
    });
    const list = (limit: number) => own().readSystem('job', (tx) => tx.passwordRequests.list(limit));
    assert.deepEqual(await list(1), [{ ...ask('second-by-name'), orgKey }]);
    const take = () => own().change(orgKey, (tx) => tx.passwordRequests.consume('second-by-name'));
    const answers = await Promise.all([take(), take(), take()]);
    assert.deepEqual(answers.filter((isMine) => isMine).length, 1);
    assert.deepEqual(await list(9), [{ ...ask('first-by-name'), orgKey }]);
  });

  test('an outcome is kept for a day, and then another one replaces it', async () => {
    const outcome = {
      keyDigest: 'key',
      bodyDigest: 'body',
      userId: user.id,
      connectionId: null,
      status: 201,
      createdAt: 0,
    };
    const keep = (said: Partial<typeof outcome>) =>
      own().change(tenant.orgKey, (tx) => tx.idempotency.insert({ ...outcome, ...said }));
    const find = (now: number) => own().read(tenant.orgKey, (tx) => tx.idempotency.find('key', now));
    await keep({});
    assert.deepEqual(await find(idempotencyLifeMs - 1), outcome);
    assert.equal(await find(idempotencyLifeMs), null);
    const isLate = (error: unknown) => isRefusal(error, 'idempotency_in_progress');
    await assert.rejects(keep({ createdAt: idempotencyLifeMs - 1, bodyDigest: 'other' }), isLate);
    await keep({ createdAt: idempotencyLifeMs, bodyDigest: 'other' });
    assert.equal((await find(idempotencyLifeMs))?.bodyDigest, 'other');
    const other = await addTenant(own());
    assert.equal(await own().read(other.orgKey, (tx) => tx.idempotency.find('key', 1)), null);
  });

  test('ended messages are deleted after a month, up to the limit of a sweep; waiting ones are not', async () => {
    const sweep = (now: number) => own().changeSystem('job', (tx) => tx.housekeeping.sweep(now, 2));
    while ((await sweep(messageRetentionMs)) > 0);
    const waiting = await post(1);
    const ended = [await post(1), await post(1), await post(1), await post(1)];
    const end = (message: Message | undefined, state: 'kept' | 'sent' | 'failed', at: number) =>
      own().changeSystem('job', (tx) => tx.messages.settle(message ?? waiting, { state }, at));
    await end(ended[0], 'kept', 5);
    await end(ended[1], 'sent', 5);
    await end(ended[2], 'failed', 6);
    await end(ended[3], 'kept', 7);
    assert.equal(await sweep(messageRetentionMs + 4), 0);
    assert.equal(await sweep(messageRetentionMs + 6), 2);
    assert.equal(await sweep(messageRetentionMs + 6), 1);
    assert.equal(await sweep(messageRetentionMs + 6), 0);
    assert.deepEqual(
      (await listed()).map(({ id }) => id),
      [ended[3]?.id, waiting.id],
    );
  });

  test('a sweep is limited, and deletes expired codes, tokens and outcomes', async () => {
    const { orgKey } = tenant;
    const token = { userId: user.id, purpose: 'reset', emailDigest: null } as const;
    await own().change(orgKey, async (tx) => {
      for (const digest of ['a', 'b', 'c']) {
        await tx.passwordTokens.insert({ ...token, expiresAt: 10 }, digest);
      }
      await tx.passwordTokens.insert({ ...token, expiresAt: 11 }, 'd');
      const proof = { purpose: 'proof', emailDigest: 'of email', sealedEmail: null, expiresAt: 10 } as const;
      await tx.emailTokens.insert({ userId: user.id, ...proof }, 'e');
      await tx.codes.put(user.id, { digest: 'code', expiresAt: 10, triesLeft: 5 });
    });
    const sweep = (now: number, limit: number) =>
      own().changeSystem('job', (tx) => tx.housekeeping.sweep(now, limit));
    assert.equal(await sweep(9, 100), 0);
    assert.equal(await sweep(10, 2), 4);
    assert.equal(await sweep(10, 2), 1);
    assert.equal((await own().read(orgKey, (tx) => tx.passwordTokens.listOpen(user.id, 0))).length, 1);
  });
});
