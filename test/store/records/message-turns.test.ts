/** How messages are claimed: by lane, in turns of organizations and destinations, and only a few of a destination at a time. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { newPrefixedId, type OrgKey } from '../../../src/core/ids.ts';
import {
  type ChannelPlaces,
  claimMessages,
  MessageTurns,
} from '../../../src/core/messaging/claim-messages.ts';
import { type MessageTemplate, messageLeaseMs } from '../../../src/core/messaging/message.ts';
import { sendDeadlineMs } from '../../../src/core/messaging/sender.ts';
import { addTenant, claimDueMessages, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const now = 1_000;

suiteOnEveryDatabase('the turns of messages', (own) => {
  let turns: MessageTurns;

  beforeEach(async () => {
    turns = new MessageTurns();
    const rest = await own().changeSystem('job', (tx) =>
      claimDueMessages(tx, { now: Number.MAX_SAFE_INTEGER - messageLeaseMs, leaseMs: 1, limit: 1_000 }),
    );
    for (const message of rest) {
      await own().changeSystem('job', (tx) => tx.messages.settle(message, { state: 'failed' }, 0));
    }
  });

  async function post(
    { orgKey, appId }: Tenant,
    destinations: readonly string[],
    template: MessageTemplate = 'password_changed',
  ): Promise<void> {
    await own().change(orgKey, async (tx) => {
      const { id: userId } = await tx.users.insert(newUser({ appId }));
      for (const destination of destinations) {
        await tx.messages.insert({
          ...{ id: newPrefixedId('msg'), userId, channel: 'email', template, isOutboxOnly: false },
          ...{ destination, sealedContent: 'sealed', createdAt: now },
        });
      }
    });
  }

  async function claim(limit: number, { perDestination = 3, at = now } = {}) {
    const places: ChannelPlaces = {
      free: (_, claimed) => limit - [...claimed.values()].reduce((sum, count) => sum + count, 0),
      perDestination: () => perDestination,
    };
    const claims = await own().changeSystem('job', (tx) =>
      claimMessages(tx, turns, { sms: places, email: places }, at),
    );
    turns.advance(claims);
    return claims;
  }

  const many = (count: number, destination: string): string[] =>
    Array.from({ length: count }, () => destination);

  test('codes come first, then links, invitations and notices', async () => {
    const tenant = await addTenant(own());
    const templates = ['password_changed', 'invitation', 'password_reset', 'confirmation'] as const;
    for (const template of templates) await post(tenant, ['a'], template);
    const { messages } = await claim(10, { perDestination: 10 });
    assert.deepEqual(
      messages.map(({ template }) => template),
      [...templates].reverse(),
    );
  });

  test('organizations get equal shares, and one that has fewer leaves the rest to the others', async () => {
    const [large, middle, small] = [await addTenant(own()), await addTenant(own()), await addTenant(own())];
    const domains = (count: number) => Array.from({ length: count }, (_, at) => `domain ${at}`);
    await post(large, domains(40));
    await post(middle, domains(40));
    await post(small, domains(1));
    const { messages, isMoreDue } = await claim(9);
    const count = (orgKey: OrgKey) => messages.filter((each) => each.orgKey === orgKey).length;
    assert.deepEqual([messages.length, count(small.orgKey), isMoreDue], [9, 1, true]);
    assert.ok(count(large.orgKey) >= 3 && count(middle.orgKey) >= 3);
  });

  test('with one place at a time every organization and every domain has its turn', async () => {
    const [one, other] = [await addTenant(own()), await addTenant(own())];
    await post(one, [...many(5, 'a'), ...many(5, 'b'), ...many(5, 'c')]);
    await post(other, many(5, 'z'));
    const order: string[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      for (const message of (await claim(1)).messages) {
        order.push(message.destination);
        await own().changeSystem('job', (tx) => tx.messages.settle(message, { state: 'sent' }, now));
      }
    }
    assert.deepEqual([...order].sort(), ['a', 'b', 'c', 'z', 'z', 'z']);
  });

  test('a domain has no more than its places, and others are found behind it', async () => {
    const tenant = await addTenant(own());
    await post(tenant, [...many(50, 'full'), 'other']);
    const first = await claim(10);
    const of = (claims: typeof first) => claims.messages.map(({ destination }) => destination).sort();
    assert.deepEqual(of(first), ['full', 'full', 'full', 'other']);
    assert.equal(first.isMoreDue, true);
    assert.deepEqual(of(await claim(10)), []);
    const [held] = first.messages;
    assert.ok(held !== undefined);
    await own().changeSystem('job', (tx) => tx.messages.settle(held, { state: 'sent' }, now));
    assert.equal((await claim(10)).messages.length, held.destination === 'full' ? 1 : 0);
  });

  test('a domain with nothing under way comes before one with some', async () => {
    const tenant = await addTenant(own());
    await post(tenant, many(10, 'a'));
    await claim(1);
    await post(tenant, ['b']);
    turns = new MessageTurns();
    assert.deepEqual(
      (await claim(1)).messages.map(({ destination }) => destination),
      ['b'],
    );
  });

  test('the places of a process that was killed are free after the longest time of a send', async () => {
    const tenant = await addTenant(own());
    await post(tenant, many(10, 'a'));
    assert.equal((await claim(10)).messages.length, 3);
    assert.equal((await claim(10, { at: now + sendDeadlineMs - 1 })).messages.length, 0);
    assert.equal((await claim(10, { at: now + sendDeadlineMs })).messages.length, 3);
  });

  test('of claims of several processes at the same time no domain gets more than its places', async () => {
    const tenant = await addTenant(own());
    await post(tenant, [...many(20, 'a'), ...many(20, 'b')]);
    const claims = await Promise.all(Array.from({ length: 6 }, () => claim(4)));
    const messages = claims.flatMap((each) => each.messages);
    assert.equal(new Set(messages.map(({ id }) => id)).size, messages.length);
    assert.equal(messages.length, 6);
  });

  test('lanes with due messages tell the age of the oldest, and waiting retries are left out', async () => {
    const tenant = await addTenant(own());
    const oldest = () => own().readSystem('operator', (tx) => tx.messages.listOldestDue());
    assert.deepEqual(await oldest(), []);
    await post(tenant, ['a']);
    await post(tenant, ['a'], 'confirmation');
    assert.deepEqual(
      [...(await oldest())].sort((left, right) => left.lane.localeCompare(right.lane)),
      [
        { lane: 'email_code', since: now },
        { lane: 'email_notice', since: now },
      ],
    );
    const { messages } = await claim(10);
    for (const message of messages) {
      const outcome = { state: 'queued', nextAttemptAt: now + 5_000, attempts: 1 } as const;
      await own().changeSystem('job', (tx) => tx.messages.settle(message, outcome, now));
    }
    assert.deepEqual(await oldest(), []);
    assert.equal((await claim(10, { at: now + 4_999 })).messages.length, 0);
    assert.equal((await claim(10, { at: now + 5_000 })).messages.length, 2);
  });
});
