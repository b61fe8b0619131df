/** A callback that comes several times, is interrupted, or meets a busy provider: one exchange, and one outcome. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { exchangeLeaseMs } from '../../src/core/providers/callback.ts';
import { attemptLifeMs } from '../../src/core/providers/connection.ts';
import { digestOf } from '../../src/core/secret.ts';
import { given, openScripted, type Scripted, type ScriptedDeployment } from './scripted-deployment.ts';

let scripted: ScriptedDeployment;
before(async () => {
  scripted = await openScripted();
});
after(() => scripted.close());

const visit = async () => {
  const user = await scripted.addUser();
  return { user, ...(await scripted.visit(user, 'acme')) };
};
const statusOf = async (id: string) => (await scripted.connectionOf(id)).status;
/** The answers in their order, then the last one. */
const inOrder = (...answers: readonly Scripted[]) => {
  const left = [...answers];
  scripted.answer(() => (left.length > 1 ? left.shift() : left[0]) ?? {});
};
/** How often the code was sent since `from`. */
const exchanges = (from: number): number =>
  scripted.asked.slice(from).filter(({ form }) => form['grant_type'] === 'authorization_code').length;

describe('a callback that comes again', () => {
  test('waits for the first one while that exchanges the code, and shows its outcome', async () => {
    const { id, parameters } = await visit();
    const from = scripted.asked.length;
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    scripted.answer(async () => {
      await held;
      return { body: given };
    });
    const first = scripted.comeBack(parameters);
    while (exchanges(from) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const others = [scripted.comeBack(parameters), scripted.comeBack(parameters)];
    setTimeout(release, 300);
    assert.deepEqual(await Promise.all([first, ...others]), ['connected', 'connected', 'connected']);
    assert.equal(exchanges(from), 1);
    assert.equal(await statusOf(id), 'active');
    assert.deepEqual(scripted.revocationsOf(id), []);
  });

  for (const [outcome, answer] of [
    ['connected', { body: given }],
    ['failed', { status: 400, body: { error: 'invalid_grant' } }],
  ] as const) {
    test(`shows "${outcome}" for ten minutes, also with other parameters, and exchanges nothing`, async () => {
      const { id, parameters } = await visit();
      scripted.answer(() => answer);
      assert.equal(await scripted.comeBack(parameters), outcome);
      const from = scripted.asked.length;
      const status = await statusOf(id);
      scripted.answer(() => ({ body: given }));
      parameters.set('code', 'code-2');
      scripted.deployment.clock.advance(attemptLifeMs - 1);
      assert.equal(await scripted.comeBack(parameters), outcome);
      scripted.deployment.clock.advance(1);
      assert.equal(await scripted.comeBack(parameters), 'refused');
      assert.equal(exchanges(from), 0);
      assert.equal(await statusOf(id), status);
    });
  }

  test('after a denial shows the denial', async () => {
    const { id, parameters } = await visit();
    const denied = new URLSearchParams({ state: parameters.get('state') ?? '', error: 'access_denied' });
    assert.equal(await scripted.comeBack(denied), 'denied');
    assert.equal(await scripted.comeBack(denied), 'denied');
    assert.equal(await statusOf(id), 'pending');
  });

  test('does not say "connected" after the connection was ended', async () => {
    const { user, id, parameters } = await visit();
    scripted.answer(() => ({ body: given }));
    assert.equal(await scripted.comeBack(parameters), 'connected');
    await scripted.disconnect(user, id);
    assert.equal(await scripted.comeBack(parameters), 'withdrawn');
    await scripted.erase(user);
    assert.equal(await scripted.comeBack(parameters), 'refused');
  });

  test('after its process ended in the middle shows a failure, and the code is left to its revocation', async () => {
    const { id, parameters } = await visit();
    const digest = digestOf(parameters.get('state') ?? '');
    const { core, deployment } = scripted;
    await core.work.change(deployment.orgKey, async (tx) => {
      const consumed = await tx.attempts.consume(digest);
      const settlesAt = deployment.clock.now() + exchangeLeaseMs;
      await tx.attempts.settle(consumed?.flowDigest ?? '', { outcome: 'exchanging', settlesAt });
    });
    deployment.clock.advance(exchangeLeaseMs);
    assert.equal(await scripted.comeBack(parameters), 'failed');
    assert.equal(await statusOf(id), 'pending');
  });
});

describe('a busy provider', () => {
  for (const status of [408, 425, 429]) {
    test(`that answers ${status} is asked again while the person waits`, async () => {
      const { id, parameters } = await visit();
      const from = scripted.asked.length;
      inOrder({ status }, { body: given });
      assert.equal(await scripted.comeBack(parameters), 'connected');
      assert.equal(exchanges(from), 2);
      assert.deepEqual(scripted.revocationsOf(id), []);
    });
  }

  test('that asks for a longer wait is asked again by the next load of the page, while the state is valid', async () => {
    const { user, id, parameters } = await visit();
    const from = scripted.asked.length;
    inOrder({ status: 429, headers: { 'retry-after': '30' } });
    assert.equal(await scripted.comeBack(parameters), 'busy');
    assert.equal(await scripted.comeBack(parameters), 'busy');
    assert.equal(exchanges(from), 2);
    assert.deepEqual(scripted.revocationsOf(id), []);
    inOrder({ body: given });
    assert.equal(await scripted.comeBack(parameters), 'connected');
    assert.equal(await scripted.comeBack(parameters), 'connected');
    assert.equal(exchanges(from), 3);
    await scripted.disconnect(user, id);
    inOrder({});
    await scripted.work();
    assert.equal(await statusOf(id), 'revoked');
  });

  test('after a lost answer leaves the code to its revocation', async () => {
    const { id, parameters } = await visit();
    inOrder({ status: 500 }, { status: 429, headers: { 'retry-after': '30' } });
    assert.equal(await scripted.comeBack(parameters), 'failed');
    assert.deepEqual(
      scripted.revocationsOf(id).map((row) => row['state']),
      ['pending'],
    );
  });
});
