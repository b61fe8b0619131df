/** Leaves rows about a user, as the operations do that write them. */
import { newDatedId, newPrefixedId, type UserId } from '../../../src/core/ids.ts';
import { record } from '../../../src/core/record/audit-event.ts';
import type { Tx } from '../../../src/core/unit-of-work.ts';

const now = 1_000;

/** A row for the user in every table that can have one. */
export async function leaveTraces(tx: Tx, userId: UserId, known: readonly string[]): Promise<void> {
  const session = { id: newPrefixedId('ses'), userId, startedAt: now, lastUsedAt: now };
  await tx.sessions.insert(session, `session ${userId}`);
  await tx.codes.put(userId, { digest: `code ${userId}`, expiresAt: now, triesLeft: 5 });
  await tx.passwordTokens.insert(
    { userId, purpose: 'reset', emailDigest: null, expiresAt: now },
    `token ${userId}`,
  );
  const link = { emailDigest: 'email-digest', sealedEmail: 'email-ciphertext', expiresAt: now } as const;
  await tx.emailTokens.insert({ userId, purpose: 'change', ...link }, `change ${userId}`);
  await tx.messages.insert({
    id: newPrefixedId('msg'),
    userId,
    channel: 'email',
    template: 'confirmation',
    isOutboxOnly: false,
    destination: 'destination-digest',
    sealedContent: 'content-ciphertext',
    createdAt: now,
  });
  const kept = {
    keyDigest: `key ${userId}`,
    bodyDigest: 'body-digest',
    userId,
    connectionId: null,
    status: 201,
    createdAt: now,
  };
  await tx.idempotency.insert(kept);
  const connectionId = newPrefixedId('dev');
  await tx.connections.insert({ id: connectionId, userId, provider: 'fitbit', createdAt: now });
  await tx.attempts.insert({
    flowDigest: `flow ${userId}`,
    connectionId,
    userId,
    sealedSecrets: 'secrets-ciphertext',
    returnTo: 'page',
    expiresAt: now,
  });
  await tx.connectTokens.insert({ userId, kind: 'id', expiresAt: now }, `connect ${userId}`);
  await tx.passwordLeases.claim(userId, 'holder', now, now + 1);
  await tx.networks.note(userId, { site: 'site-digest', network: 'network-digest' }, now);
  for (const digest of known) {
    await tx.throttles.hit('reset', digest, [{ limit: 5, windowMs: 60_000 }], now);
    await tx.throttles.addFailure(digest, { network: 'network-digest', group: 'unknown' }, now, 1);
    await tx.messageBudgets.hit('stranger', digest, [{ limit: 50, windowMs: 60_000 }], now);
    await tx.messageBudgets.use({ scope: 'organization', budget: digest, amount: 1, limit: 1 }, now);
    await tx.passwordRequests.insert({
      id: newPrefixedId('tok'),
      emailDigest: digest,
      sealedEmail: 'email-ciphertext',
      door: 'general',
      createdAt: now,
    });
  }
  const none = { sessions: [], connections: [], messages: [] };
  await tx.demoPeople.insertAll({ people: [userId], ...none });
  await tx.trialPeople.insert(`app of ${userId}`, userId);
  const eventId = newDatedId('evt', now);
  await tx.reveals.insert({ eventId, userId, reason: `a look at ${userId.slice(0, 8)}`, at: now });
  const counts = { total: 1, planned: {}, changed: 0, failed: {}, createdAt: now } as const;
  const bulk = {
    id: newPrefixedId('blk'),
    act: 'unlock',
    value: null,
    madeBy: 'stf_0',
    state: 'planned',
  } as const;
  await tx.bulkActs.insert({ ...bulk, ...counts }, [userId]);
  const operator = { kind: 'operator', orgKey: tx.orgKey, door: 'command' } as const;
  await record(tx, operator, 'user.created', { kind: 'user', id: userId }, now);
}
