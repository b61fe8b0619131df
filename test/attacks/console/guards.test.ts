/** Attacks by staff with a role that is allowed to do something near: what they take with it, and whom they leave untold. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import { type Account, newEmail, signUpProved, templatesTo } from '../support/accounts.ts';

const roster = setUpRoster();
const base = '/console/api/v1';
const owner = setUp(() => roster.organization.staff('owner'));
const support = setUp(() => roster.organization.staff('support'));
const engineer = setUp(() => roster.organization.staff('engineer'));

const idOf = async ({ number }: Pick<Account, 'number'>) =>
  (await roster.call(`GET ${base}/people?q=${number}`, owner.ask)).string('items.0.id');

describe('an engineer', () => {
  const make = (ask: typeof owner.ask, role: string, more: object = {}) =>
    roster.call(`POST ${base}/keys`, {
      ...ask,
      json: { name: 'Import', role, expiresAt: null, ...more },
    });
  const told = ({ status, at }: Awaited<ReturnType<typeof make>>) => [status, at('error.code')];
  const works = async (bearer: string) => (await roster.call('GET /sonar/v1/users', { bearer })).status;

  test('makes no key that deletes people, and takes over none', async () => {
    assert.deepEqual(told(await make(engineer.ask, 'admin')), [403, 'forbidden']);
    const expiresAt = new Date(roster.clock.now() + 60_000).toISOString();
    const made = await make(owner.ask, 'admin', { expiresAt });
    assert.equal(made.status, 201, made.text);
    const at = `${base}/keys/${made.string('key.id')}`;
    const tries = [
      [`POST ${at}/rotate`, { formerHours: 24 }],
      [`PATCH ${at}`, { expiresAt: null }],
      [`PATCH ${at}`, { name: 'Nothing to see' }],
    ] as const;
    for (const [line, json] of tries) {
      const reply = await roster.call(line, { ...engineer.ask, json });
      assert.deepEqual(told(reply), [403, 'forbidden'], line);
    }
    assert.equal(await works(made.string('secret')), 200);
    const { appId } = roster.organization.app;
    const path = `POST ${base}/apps/${appId}/rotate`;
    const taken = await roster.call(path, { ...engineer.ask, json: { secret: 'app_key' } });
    assert.deepEqual(told(taken), [403, 'forbidden']);
  });

  test('still ends such a key, and has the keys of the other roles', async () => {
    const made = await make(owner.ask, 'admin');
    const at = `${base}/keys/${made.string('key.id')}`;
    const rotated = await roster.call(`POST ${at}/rotate`, { ...owner.ask, json: { formerHours: 24 } });
    assert.equal(rotated.status, 200, rotated.text);
    assert.equal((await roster.call(`POST ${at}/end-former`, engineer.ask)).status, 204);
    assert.equal((await roster.call(`DELETE ${at}`, engineer.ask)).status, 204);
    for (const role of ['member', 'reader']) {
      const own = await make(engineer.ask, role);
      const path = `POST ${base}/keys/${own.string('key.id')}/rotate`;
      assert.equal((await roster.call(path, { ...engineer.ask, json: { formerHours: 0 } })).status, 200);
    }
  });
});

describe('a trial of the Connect page', () => {
  test('is for no person to whom another gives the name of the trial person', async () => {
    const { appId } = roster.organization.app;
    const externalId = 'roster-console-trial';
    const victim = await addPerson(roster, { externalId });
    const trial = () => roster.call(`POST ${base}/apps/${appId}/try-connect`, engineer.ask);
    const first = await trial();
    assert.equal(first.status, 200, first.text);
    assert.notEqual(first.at('userId'), victim.userId);
    // The trial person stays the same, whatever they are called.
    const renamed = await roster.call(`POST ${base}/people/${first.string('userId')}/acts/rename`, {
      ...owner.ask,
      json: { externalId: 'another-name' },
    });
    assert.equal(renamed.status, 200, renamed.text);
    const trials = await Promise.all([trial(), trial(), trial()]);
    assert.deepEqual(new Set(trials.map((each) => each.at('userId'))), new Set([first.at('userId')]));
  });

  test('at the same time as others makes one person, and another one after an erasure', async () => {
    const other = await roster.addOrganization('Trials');
    const { ask } = await other.staff('owner');
    const trial = () => roster.call(`POST ${base}/apps/${other.app.appId}/try-connect`, ask);
    const trials = await Promise.all([trial(), trial(), trial(), trial()]);
    assert.deepEqual(
      trials.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    const ids = new Set(trials.map((each) => each.string('userId')));
    assert.equal(ids.size, 1);
    const [id = ''] = ids;
    const json = { confirmation: id };
    assert.equal((await roster.call(`POST ${base}/people/${id}/delete`, { ...ask, json })).status, 202);
    const later = await trial();
    assert.equal(later.status, 200, later.text);
    assert.ok(!ids.has(later.string('userId')));
  });
});

describe('support that sets the email of a person', () => {
  const patch = async (account: Account, json: object, ask = support.ask) =>
    roster.call(`PATCH ${base}/people/${await idOf(account)}`, { ...ask, json });
  /** The notices of a change to the address, each with whether no real sender may get it. */
  const toldAt = async (email: string) => {
    const rows = await roster.rows.all('messages');
    const outboxOnly = new Set(
      rows.flatMap((row) => (Number(row['is_outbox_only']) === 1 ? [row['id']] : [])),
    );
    const notices = (await roster.outbox(email)).filter(({ template }) => template === 'email_changed');
    return notices.map(({ id }) => (outboxOnly.has(id) ? 'kept' : 'sent'));
  };

  test('leaves a notice at the proved address', async () => {
    const account = await signUpProved(roster);
    const before = (await templatesTo(roster, account.email)).length;
    const reply = await patch(account, { email: newEmail() });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual((await templatesTo(roster, account.email)).slice(before), ['email_changed']);
  });

  test('does not silence the notice by a mark that keeps messages from being sent', async () => {
    for (const ask of [support.ask, owner.ask]) {
      const account = await signUpProved(roster);
      const marked = await patch(account, { isTemplate: true }, ask);
      await patch(account, { email: newEmail() }, ask);
      assert.deepEqual(await toldAt(account.email), ['sent'], marked.text);
      assert.deepEqual(Object.keys(Object(marked.at('error.fields'))), ['isTemplate']);
    }
  });

  test('and an admin of an app who sets the mark with the email silence nothing', async () => {
    const account = await signUpProved(roster);
    const json = { user: { email: newEmail() }, template: true };
    const { session } = await roster.addAdmin();
    const reply = await roster.call(`PUT /general/v1/users/${account.number}`, { session, json });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(await toldAt(account.email), ['sent']);
  });
});

describe('the outbox', () => {
  test('shows an engineer no address, no code and no link', async () => {
    const email = newEmail();
    await signUpProved(roster, { email });
    for (const [ask, isShown] of [
      [owner.ask, true],
      [engineer.ask, false],
    ] as const) {
      const { status, text } = await roster.call(`GET ${base}/outbox`, ask);
      assert.deepEqual([status, text.includes(email)], [200, isShown]);
    }
  });
});
