/** The wait that a provider asks for with `Retry-After`: it is obeyed, up to an hour. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Provider } from '../../src/core/providers/provider.ts';
import { revocationLeaseMs } from '../../src/core/providers/revocation.ts';
import { attemptRevocation } from '../../src/core/providers/revoke.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '../../src/core/time.ts';
import { given, openScripted, type Scripted, type ScriptedDeployment } from './scripted-deployment.ts';

let scripted: ScriptedDeployment;
before(async () => {
  scripted = await openScripted();
});
after(() => scripted.close());

const daySeconds = String(dayMs / secondMs);
const noon = 'Mon, 02 Mar 2026 12:00:00 GMT';

/** What a provider may ask for, and how long Roster waits. */
const asked: readonly (readonly [title: string, headers: Record<string, string>, waitMs: number])[] = [
  ['half an hour', { 'retry-after': '1800' }, 30 * minuteMs],
  ['an hour', { 'retry-after': '3600' }, hourMs],
  ['a second more than an hour', { 'retry-after': '3601' }, hourMs],
  ['a day', { 'retry-after': daySeconds }, hourMs],
  ['a day, as a date', { date: noon, 'retry-after': 'Tue, 03 Mar 2026 12:00:00 GMT' }, hourMs],
];

for (const [title, headers, waitMs] of asked) {
  for (const status of [429, 503]) {
    test(`a refresh that is answered ${status} and ${title} waits for ${waitMs / minuteMs} minutes`, async () => {
      const { id } = await scripted.connect('acme');
      scripted.deployment.clock.advance(hourMs);
      scripted.answer(() => ({ status, headers }));
      await scripted.work();
      const { refreshAt } = await scripted.connectionOf(id);
      assert.equal(Number(refreshAt) - scripted.deployment.clock.now(), waitMs);
      await finish(id);
    });

    test(`a revocation that is answered ${status} and ${title} waits for ${waitMs / minuteMs} minutes`, async () => {
      const { user, id } = await scripted.connect('acme');
      await scripted.disconnect(user, id);
      scripted.answer(() => ({ status, headers }));
      await scripted.work();
      assert.equal(waitOf(id), waitMs);
      await finish(id);
    });
  }
}

describe('a gateway that passes on a wait of a day', () => {
  test('does not make a revocation wait for more than an hour', async () => {
    const { user, id } = await scripted.connect('acme');
    await scripted.disconnect(user, id);
    const { core, deployment } = scripted;
    const now = deployment.clock.now();
    const [claimed] = await core.work.changeSystem('job', (tx) =>
      tx.revocations.claim('acme', now, revocationLeaseMs, 1),
    );
    assert.ok(claimed !== undefined);
    const acme = core.providers.find('acme');
    assert.ok(acme !== null);
    const busy: Provider = Object.create(acme, {
      end: { value: async () => ({ kind: 'try_again', reason: 'busy', retryAfterMs: dayMs }) },
    });
    await attemptRevocation(core, claimed, busy);
    assert.equal(waitOf(id), hourMs);
    await finish(id);
  });
});

function waitOf(id: string): number {
  const [row] = scripted.revocationsOf(id);
  return Number(row?.['next_attempt_at']) - scripted.deployment.clock.now();
}

/** No later test meets what is still due. */
async function finish(id: string): Promise<void> {
  const success: Scripted = { body: given };
  scripted.answer(() => success);
  scripted.deployment.clock.advance(hourMs);
  await scripted.work();
  const { status } = await scripted.connectionOf(id);
  assert.ok(status === 'active' || status === 'revoked', status);
}
