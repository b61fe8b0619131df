/** An operator abandons the grants of a disconnected connection: no attempt follows, and nothing reports a confirmation. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { User } from '../../src/core/directory/user.ts';
import { isRefusal } from '../../src/core/errors.ts';
import { newPrefixedId } from '../../src/core/ids.ts';
import { abandonConnection } from '../../src/core/providers/abandon-connection.ts';
import { openGrants, sealGrant, type TokenGrant } from '../../src/core/providers/grant.ts';
import { revocationDueMs, revocationRetentionMs } from '../../src/core/providers/revocation.ts';
import { disconnect } from '../../src/core/providers/user-connections.ts';
import { createHousekeepingJob } from '../../src/jobs/housekeeping.ts';
import { createTestJournal } from '../jobs/deployment.ts';
import { steady } from '../support/server/clock.ts';
import { type Linked, openLinked } from './linked-deployment.ts';

const hourMs = 3_600_000;

describe('an abandoned connection', () => {
  let linked: Linked;
  let user: User;
  let id: string;
  let provider: string;
  let grant: TokenGrant;

  before(async () => {
    linked = await openLinked();
    const made = await linked.connectUser();
    user = made.user;
    ({ id, provider } = made.connection);
    const connection = await linked.connectionOf(made.connection);
    const grants = connection === null ? null : openGrants(linked.core.secrets, connection);
    assert.ok(grants?.[0].tokens.kind === 'tokens');
    grant = grants[0].tokens;
  });
  after(() => linked.close());

  const abandon = () => abandonConnection(linked.core, 'test', id);
  const isWrongState = (error: unknown): boolean => isRefusal(error, 'wrong_state');
  const status = async () => (await linked.connectionOf({ id }))?.status;
  const events = () =>
    linked.deployment.rows.all('audit_events').filter((event) => event['subject_id'] === id);

  test('cannot be before it is overdue', async () => {
    linked.proxy.plan(() => 'fail');
    await assert.rejects(abandon(), isWrongState);
    await disconnect(linked.core, linked.operator, { user: { id: user.id }, connectionId: id });
    await linked.work();
    await assert.rejects(abandon(), isWrongState);
    assert.equal(await status(), 'revoking');
  });

  test('stays overdue, loses its grant, is attempted no more, and has one event', async () => {
    linked.deployment.clock.advance(revocationDueMs);
    await linked.work();
    assert.equal(await status(), 'overdue');
    const before = events().length;
    assert.equal(await abandon(), 1);
    assert.deepEqual(
      linked.revocations().map(({ state }) => state),
      ['abandoned'],
    );
    assert.deepEqual(
      linked.deployment.rows.all('revocations').map((row) => row['sealed_grant']),
      [null],
    );
    assert.equal(await status(), 'overdue');
    const [event, ...others] = events().slice(before);
    assert.deepEqual(others, []);
    assert.deepEqual([event?.['action'], event?.['actor_kind']], ['connection.abandoned', 'operator']);
    linked.proxy.plan(() => 'pass');
    const asked = linked.proxy.asked.length;
    linked.deployment.clock.advance(hourMs);
    await linked.work();
    assert.equal(linked.proxy.asked.length, asked);
    await assert.rejects(abandon(), isWrongState);
  });

  test('is not revoked by the end of later tokens, and housekeeping does not delete it', async () => {
    const { core, deployment, operator } = linked;
    const late = newPrefixedId('rev');
    const now = deployment.clock.now();
    await core.work.change(operator.orgKey, (tx) =>
      tx.revocations.insert({
        ...{ id: late, connectionId: id, provider, erasureId: null, unanswered: 0 },
        sealedGrant: sealGrant(core.secrets, { orgKey: operator.orgKey, id: late }, grant),
        ...{ nextAttemptAt: now, createdAt: now },
      }),
    );
    await linked.workOff();
    assert.equal(linked.revocations().find((each) => each.id === late)?.state, 'confirmed');
    assert.equal(await status(), 'overdue');
    deployment.clock.advance(revocationRetentionMs + hourMs);
    await createHousekeepingJob(core, createTestJournal(), steady).run();
    assert.deepEqual(
      linked.revocations().map(({ state }) => state),
      ['abandoned'],
    );
  });
});
