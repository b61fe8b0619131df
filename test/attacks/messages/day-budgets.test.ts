/**
 * An organization and the deployment send no more messages in a day than their budgets say, and a key invites no more
 * people. A code that may not leave as a text goes by mail; other answers are 429.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dayMs } from '../../../src/core/time.ts';
import { signUpBody } from '../../contracts/general/sign-up.ts';
import { findPort } from '../../support/machine/port.ts';
import type { Reply } from '../../support/server/http.ts';
import { readMetrics } from '../../support/server/metrics.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import type { Delivered, Roster } from '../../support/server/start.ts';
import { newEmail, newPhone, path, put, sendCode, signUp, templatesTo } from '../support/accounts.ts';
import { defaultBudgets } from '../support/budgets.ts';

const metricsPort = await findPort();

function register(roster: Roster, fields: object, appId?: string): Promise<Reply> {
  const headers = appId === undefined ? {} : { 'x-app-id': appId };
  return roster.call(`POST ${path}`, { json: signUpBody(fields), headers });
}

async function codesOf(roster: Roster, channel: Delivered['channel']): Promise<number> {
  const codes = (await roster.outbox()).filter(({ template }) => template === 'confirmation');
  return codes.filter((each) => each.channel === channel).length;
}

describe('text messages of a day', () => {
  const roster = setUpRoster({
    env: {
      ...defaultBudgets,
      ROSTER_LIMIT_SMS_ORGANIZATION_DAY: '6',
      ROSTER_LIMIT_SMS_DAY: '10',
      ROSTER_METRICS_PORT: String(metricsPort),
    },
  });
  const other = setUp(() => roster.addOrganization());

  test('end with the budgets of organization and deployment; further codes go by mail with the same answer', async () => {
    const shapes = new Set<string>();
    const signUps = Array.from({ length: 12 }, () => [undefined, other.app.appId]).flat();
    for (const reply of await Promise.all(
      signUps.map((appId) => register(roster, { phone: newPhone() }, appId)),
    )) {
      shapes.add(
        JSON.stringify([reply.status, Object.keys(reply.body as object), Object.keys(reply.headers)]),
      );
    }
    assert.equal(shapes.size, 1);
    assert.equal(await codesOf(roster, 'sms'), 10);
    assert.equal(await codesOf(roster, 'email'), 14);
    const metrics = await readMetrics(metricsPort);
    assert.equal(metrics.sum('roster_messages_queued_total', { channel: 'sms' }), 10);
    const dropped = (budget: string): number =>
      metrics.sum('roster_messages_dropped_total', { channel: 'sms', budget });
    assert.equal(dropped('organization') + dropped('deployment'), 14);
    assert.ok(dropped('organization') >= 12 && dropped('deployment') <= 2);
  });

  test('that go by mail prove the email, and not the number', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    const [message] = await roster.outbox(account.email);
    assert.equal(message?.template, 'confirmation');
    assert.equal((await sendCode(roster, account.number, message?.code)).status, 200);
    const user = await roster.core.work.read(roster.organization.key, (tx) =>
      tx.users.find({ number: account.number }),
    );
    assert.ok(user?.emailProvedAt != null && user.phoneProvedAt === null);
    // A notice of a new number has the email.
    await put(roster, account, account.session, { user: { phone: newPhone() } });
    assert.ok((await templatesTo(roster, account.email)).includes('phone_changed'));
  });

  test('begin again on the next day', async () => {
    roster.clock.advance(dayMs);
    const before = await codesOf(roster, 'sms');
    await register(roster, { phone: newPhone() });
    assert.equal(await codesOf(roster, 'sms'), before + 1);
  });
});

describe('a spent budget of the deployment', () => {
  const roster = setUpRoster({ env: { ...defaultBudgets, ROSTER_LIMIT_SMS_DAY: '16' } });
  const others = [1, 2, 3].map(() => setUp(() => roster.addOrganization()));

  test('keeps no organization waiting for another one', async () => {
    for (let round = 0; round < 3; round++) {
      const apps = [undefined, ...others.map(({ app }) => app.appId)];
      const signUps = Array.from({ length: 6 }, () => apps).flat();
      const replies = await Promise.all(
        signUps.map((appId) => register(roster, { phone: newPhone() }, appId)),
      );
      assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([201]));
    }
    assert.equal(await codesOf(roster, 'sms'), 16);
  });
});

describe('emails of a day', () => {
  const roster = setUpRoster({ env: { ...defaultBudgets, ROSTER_LIMIT_EMAIL_ORGANIZATION_DAY: '3' } });

  test('end with the budget: sign-ups without a number wait for the next day, whatever the address', async () => {
    for (let index = 0; index < 3; index++) assert.equal((await register(roster, {})).status, 201);
    const refused = await register(roster, {});
    assert.deepEqual([refused.status, refused.body], [429, { errors: 'Too many requests, try again later' }]);
    const seconds = Number(refused.header('retry-after'));
    assert.ok(seconds > 0 && seconds <= dayMs / 1_000);
    assert.equal(await codesOf(roster, 'email'), 3);
    // The budget of notices and of the answers that tell nothing.
    const reset = await roster.call(`POST ${path}/passwords`, { json: { email: newEmail() } });
    assert.deepEqual([reset.status, reset.body], [200, { sent: true }]);
    roster.clock.advance(seconds * 1_000);
    assert.equal((await register(roster, {})).status, 201);
  });
});

describe('invitations of a day', () => {
  const roster = setUpRoster({ env: { ...defaultBudgets, ROSTER_LIMIT_INVITATIONS_DAY: '3' } });
  const admin = setUp(() => roster.addAdmin());

  const invite = (bearer: string): Promise<Reply> => {
    const json = { email: newEmail(), name: 'Ann Lee', role: 'member' };
    return roster.call('POST /organization/api/v1/users', { bearer, json });
  };

  test('end with the budget of the key or the member of staff, and others go on', async () => {
    const { apiKeys } = roster.organization;
    for (const bearer of [apiKeys.admin, apiKeys.member, admin.session]) {
      const replies = await Promise.all(Array.from({ length: 8 }, () => invite(bearer)));
      const refused = replies.filter(({ status }) => status === 429);
      assert.deepEqual([replies.length - refused.length, refused.length], [3, 5]);
      assert.ok(Number(refused[0]?.header('retry-after')) > 0);
    }
    assert.equal((await roster.outbox()).length, 9);
    roster.clock.advance(dayMs);
    assert.equal((await invite(apiKeys.admin)).status, 201);
  });
});
