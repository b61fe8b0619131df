import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { newPrefixedId, type UserId } from '../../../src/core/ids.ts';
import {
  type Message,
  type MessageEvent,
  type MessageState,
  messageTransitions,
} from '../../../src/core/messaging/message.ts';
import { addTenant, claimDueMessages, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const states = ['queued', 'sent', 'kept', 'failed'] as const satisfies readonly MessageState[];
/** What the sending job calls at each event. */
const targets: Readonly<Record<MessageEvent, MessageState>> = {
  retry: 'queued',
  take: 'sent',
  keep: 'kept',
  give_up: 'failed',
};

suiteOnEveryDatabase('the life of a message', (own) => {
  let tenant: Tenant;
  let userId: UserId;
  before(async () => {
    tenant = await addTenant(own());
    const user = await own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
    userId = user.id;
  });

  async function settle(message: Pick<Message, 'orgKey' | 'id'>, state: MessageState): Promise<void> {
    const outcome = state === 'queued' ? { state, nextAttemptAt: 5_000, attempts: 1 } : { state };
    await own().changeSystem('job', (tx) => tx.messages.settle(message, outcome, 1_000));
  }

  /** A message with content in that state; `failed` and `sent` have none any more. */
  async function add(state: MessageState): Promise<Pick<Message, 'orgKey' | 'id'>> {
    const id = newPrefixedId('msg');
    await own().change(tenant.orgKey, (tx) =>
      tx.messages.insert({
        ...{ id, userId, channel: 'sms', template: 'confirmation', isOutboxOnly: false },
        ...{ destination: 'of phone', sealedContent: 'sealed', createdAt: 1 },
      }),
    );
    const message = { orgKey: tenant.orgKey, id };
    if (state !== 'queued') await settle(message, state);
    return message;
  }

  /** As the ports show it: a claimable message is queued, another one with content is kept, and the others have ended. */
  async function stateOf({ id }: Pick<Message, 'id'>): Promise<MessageState | 'ended'> {
    const isThis = (each: Message): boolean => each.id === id;
    const due = await own().changeSystem('job', (tx) =>
      claimDueMessages(tx, { now: 10_000, leaseMs: 0, limit: 1_000 }),
    );
    if (due.some(isThis)) return 'queued';
    const withContent = await own().readSystem('job', (tx) => tx.messages.listWithContent(1_000));
    return withContent.some(isThis) ? 'kept' : 'ended';
  }

  const seen = (state: MessageState): MessageState | 'ended' =>
    state === 'sent' || state === 'failed' ? 'ended' : state;

  for (const from of states) {
    for (const [event, target] of Object.entries(targets)) {
      // No port shows in which way a message has ended. Only a return from there could be seen.
      if (seen(from) === 'ended' && event !== 'retry') continue;
      const next = messageTransitions[from][event as MessageEvent];
      const guarantee = next === undefined ? 'changes nothing' : `leads to ${next}`;
      test(`of one that is ${from}: ${event} ${guarantee}`, async () => {
        const message = await add(from);
        await settle(message, target);
        assert.equal(await stateOf(message), seen(next ?? from));
      });
    }
  }

  test('a decoy has no user: it is claimed as any other, never shown, and deleted by its end', async () => {
    const id = newPrefixedId('msg');
    await own().change(tenant.orgKey, (tx) =>
      tx.messages.insert({
        ...{ id, userId: null, channel: 'email', template: 'password_reset', isOutboxOnly: false },
        ...{ destination: 'of email', sealedContent: 'sealed', createdAt: 1 },
      }),
    );
    const claim = () =>
      own().changeSystem('job', (tx) => claimDueMessages(tx, { now: 10_000, leaseMs: 0, limit: 1_000 }));
    const found = (await claim()).find((each) => each.id === id);
    assert.equal(found?.userId, null);
    const shown = await own().readSystem('job', (tx) => tx.messages.listWithContent(1_000));
    assert.ok(!shown.some((each) => each.id === id));
    const other = await add('queued');
    const drop = (message: Pick<Message, 'orgKey' | 'id'>) =>
      own().changeSystem('job', (tx) => tx.messages.dropDecoy(message));
    await drop(other);
    await drop({ orgKey: tenant.orgKey, id });
    const left = (await claim()).map((each) => each.id);
    assert.deepEqual([left.includes(id), left.includes(other.id)], [false, true]);
  });
});
