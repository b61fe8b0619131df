/** An insider who looks at people or tries more than a role allows leaves a trace, which has no personal data and stays. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AuditTally } from '../../src/core/record/tally.ts';
import { dayMs } from '../../src/core/time.ts';
import { createHousekeepingJob } from '../../src/jobs/housekeeping.ts';
import { refused, rosterJson } from '../cli/program.ts';
import { goodPassword } from '../contracts/general/sign-up.ts';
import { createTestJournal } from '../jobs/deployment.ts';
import { addPerson, bareId } from '../support/contracts/people.ts';
import { steady } from '../support/server/clock.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { newEmail, newPhone, path, signUp, userOf } from './support/accounts.ts';

describe('the audit log', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const tenant = setUp(() => roster.organization);

  /** The events that match, newest first, after the counts in memory are written. */
  const events = async (query: string, bearer = tenant.apiKeys.admin): Promise<Record<string, unknown>[]> => {
    await roster.core.tally.write(roster.core.work);
    const reply = await roster.call(`GET /sonar/v1/audit_events?per_page=100&${query}`, { bearer });
    assert.equal(reply.status, 200, reply.text);
    const found = reply.at('data');
    assert.ok(Array.isArray(found));
    return found;
  };
  const stored = async () => {
    await roster.core.tally.write(roster.core.work);
    return roster.rows.all('audit_events');
  };
  const signIn = (email: string, password: string) =>
    roster.call('POST /general/v1/sessions', { json: { email, password } });

  test('has each look of a member of the staff at a person, and how many a list showed', async () => {
    const clinician = await addPerson(roster, { isClinical: true, isClinicalApproved: true });
    const member = await addPerson(roster, { role: 'member' });
    const person = await addPerson(roster);
    for (let look = 0; look < 3; look++) {
      await roster.call(`GET ${path}/${person.number}`, { session: clinician.session });
    }
    await roster.call(`GET ${path}?page_size=2`, { session: admin.session });
    await roster.call('GET /organization/api/v1/users?limit=3', { bearer: member.session });
    await roster.call(`GET ${path}/${person.number}`, { session: person.session });
    const looks = await events(`user=${person.userId}&action=user.read`);
    assert.equal(looks.length, 3);
    assert.partialDeepStrictEqual(looks[0], {
      actor: { kind: 'user', id: clinician.userId },
      door: 'general',
    });
    const [list] = await events(`actor=${admin.userId}&action=user.listed`);
    assert.partialDeepStrictEqual(list, { door: 'general', users: 2, times: null });
    const [staffList] = await events(`actor=${member.userId}&action=user.listed`);
    assert.partialDeepStrictEqual(staffList, { door: 'organization', users: 3 });
  });

  test('counts the looks of a key by the hour, users and lists apart', async () => {
    const { reader: bearer } = (await roster.addOrganization()).apiKeys;
    const other = await roster.addOrganization();
    const person = await addPerson(roster, {}, other);
    for (let look = 0; look < 5; look++) {
      await roster.call(`GET /sonar/v1/users/${person.userId}`, { bearer: other.apiKeys.reader });
    }
    await roster.call('GET /sonar/v1/users', { bearer: other.apiKeys.reader });
    await roster.call('GET /sonar/v1/users', { bearer });
    const [reads, ...more] = await events('action=user.read', other.apiKeys.admin);
    assert.deepEqual(more, []);
    assert.partialDeepStrictEqual(reads, { actor: { kind: 'api_key' }, door: 'sonar', users: 5, times: 5 });
    const [lists] = await events('action=user.listed', other.apiKeys.admin);
    assert.partialDeepStrictEqual(lists, { users: 1, times: 1 });
  });

  test('shows a refused attempt of a key and of a session', async () => {
    const person = await addPerson(roster);
    const other = await addPerson(roster);
    const bearer = tenant.apiKeys.reader;
    for (let attempt = 0; attempt < 4; attempt++) {
      assert.equal((await roster.call(`DELETE /sonar/v1/users/${other.userId}`, { bearer })).status, 403);
    }
    const reply = await roster.call(`DELETE ${path}/${other.number}`, { session: person.session });
    assert.equal(reply.status, 403);
    const refused = await events('action=access.forbidden');
    assert.deepEqual(refused.map(({ door, times }) => [door, times]).sort(), [
      ['general', 1],
      ['sonar', 4],
    ]);
  });

  test('shows wrong passwords by account, and a flood of them does not make it grow', async () => {
    const person = await signUp(roster, { phone: newPhone() });
    const user = await roster.core.work.read(tenant.key, (tx) => tx.users.find({ number: person.number }));
    assert.ok(user);
    for (let attempt = 0; attempt < 7; attempt++) await signIn(person.email, 'not the password');
    await signIn(newEmail(), 'not the password');
    const before = (await stored()).length;
    for (let attempt = 0; attempt < 30; attempt++) {
      await signIn(attempt % 2 === 0 ? person.email : newEmail(), 'not the password');
    }
    assert.equal((await stored()).length, before);
    const [own] = await events(`user=usr_${user.id}&action=session.refused`);
    assert.ok(Number(own?.['times']) >= 5);
    const [throttled, ...more] = await events('action=access.throttled');
    assert.deepEqual(more, []);
    assert.partialDeepStrictEqual(throttled, {
      actor: { kind: 'public', id: null },
      subject: { kind: 'unknown', id: 'unknown' },
    });
    assert.equal(Number(own?.['times']) + Number(throttled?.['times']), 7 + 15);
    const everyone = await events('action=session.refused');
    assert.partialDeepStrictEqual(
      everyone.find(({ subject }) => Object(subject).kind === 'unknown'),
      { subject: { id: 'unknown' }, times: 16 },
    );
  });

  test('has no value of a person, whatever people type, do and are refused', async () => {
    const [email, phone, next] = [newEmail(), newPhone(), newEmail()];
    const account = await signUp(roster, { email, phone });
    await signIn(email, 'typed-by-mistake-7');
    await signIn('typed-email-9@example.com', 'typed-by-mistake-7');
    await roster.call(`PUT ${path}/${account.number}`, {
      session: account.session,
      json: { user: { email: next, first_name: 'Zebulon', current_password: goodPassword } },
    });
    await roster.call(`GET ${path}/${account.number}`, { session: admin.session });
    await roster.call(`PUT ${path}/${account.number}`, {
      session: admin.session,
      json: { user: { role: 'member' } },
    });
    await roster.call(`DELETE ${path}/${account.number}`, { session: account.session });
    await rosterJson(roster.folder, ['user', 'show', next]);
    const text = JSON.stringify(await stored());
    for (const value of [
      email,
      next,
      phone,
      goodPassword,
      'typed',
      'Zebulon',
      'Ada',
      '192.0.2',
      '127.0.0.1',
    ]) {
      assert.ok(!text.includes(value), value);
    }
  });

  test('has each command of the operator with the account of the operating system, and whom it showed', async () => {
    const person = await addPerson(roster);
    await rosterJson(roster.folder, ['user', 'show', person.userId]);
    const [look] = await events(`user=${person.userId}&action=user.read`);
    const actor = { kind: 'operator', id: `uid:${process.getuid?.()}` };
    assert.partialDeepStrictEqual(look, { actor, door: 'cli' });
    await rosterJson(roster.folder, ['org', 'rename', tenant.id, '--name', 'Renamed']);
    const [renamed] = await events('action=organization.renamed');
    assert.partialDeepStrictEqual(renamed, { actor, door: 'cli' });
    await rosterJson(roster.folder, ['audit', 'list', '--org', tenant.id, '--user', person.userId]);
    const commands = await events(`action=command.run&actor=${actor.id}`);
    assert.deepEqual(
      commands.slice(0, 2).map(({ subject }) => Object(subject).id),
      ['audit list', 'org rename'],
    );
  });

  test('is found by the number and the email of a user as by the id', async () => {
    const person = await addPerson(roster, { email: newEmail() });
    const { email } = await userOf(roster, person);
    await roster.call(`GET ${path}/${person.number}`, { session: admin.session });
    const listOf = (user: string) =>
      rosterJson(roster.folder, ['audit', 'list', '--org', tenant.id, '--user', user]);
    const expected = (await listOf(person.userId)).at('events');
    assert.ok(Array.isArray(expected) && expected.length > 0);
    for (const user of [String(person.number), email ?? '', ` ${email?.toUpperCase()} `]) {
      assert.deepEqual((await listOf(user)).at('events'), expected, user);
    }
    for (const user of ['stranger@example.com', '999999', 'any text']) {
      const { lines } = await refused(roster.folder, ['audit', 'list', '--org', tenant.id, '--user', user]);
      assert.deepEqual(lines, ['roster: there is no such user']);
    }
  });

  test('is not changed or deleted with any credential', async () => {
    const [event] = await events('');
    for (const target of ['/sonar/v1/audit_events', `/sonar/v1/audit_events/${String(event?.['id'])}`]) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const reply = await roster.call(`${method} ${target}`, { bearer: tenant.apiKeys.admin });
        assert.ok([404, 405].includes(reply.status), `${method} ${target} ${reply.status}`);
      }
    }
  });

  test('keeps the events of an erased user, by the bare id', async () => {
    const person = await addPerson(roster);
    await roster.call(`GET ${path}/${person.number}`, { session: admin.session });
    const bearer = tenant.apiKeys.admin;
    assert.equal((await roster.call(`DELETE /sonar/v1/users/${person.userId}`, { bearer })).status, 204);
    await roster.settle();
    const kept = (await stored()).filter((row) => row['subject_id'] === bareId(person.userId));
    assert.deepEqual(kept.map(({ action }) => action).slice(-2), ['user.read', 'user.deleted']);
  });

  test('holds a bounded number of counts in memory, and loses none of them', async () => {
    const tally = new AuditTally(3);
    const principal = { kind: 'public', door: 'general', orgKey: tenant.key } as const;
    const at = 400 * dayMs;
    for (let id = 0; id < 50; id++) {
      tally.add(principal, { action: 'session.refused', subject: { kind: 'user', id: `${id}` }, at });
    }
    const failing = { ...roster.core.work, change: () => Promise.reject(new Error('away')) };
    await assert.rejects(tally.write(failing));
    await tally.write(roster.core.work);
    const written = (await stored()).filter((row) => Number(row['at']) === at);
    assert.ok(written.length <= 4);
    assert.equal(
      written.reduce((sum, row) => sum + Number(row['times']), 0),
      50,
    );
  });

  test('keeps an event for 2190 days, and no longer', async () => {
    const job = createHousekeepingJob(roster.core, createTestJournal(), steady);
    const before = (await stored()).length;
    roster.clock.advance(2_189 * dayMs);
    while (await job.run());
    // One of the tests has made events in the far past.
    const kept = (await stored()).length;
    assert.ok(kept >= before - 4 && kept > 4);
    roster.clock.advance(2 * dayMs);
    while (await job.run());
    // The commands have the clock of the machine.
    assert.deepEqual(
      (await stored()).filter(({ door }) => door !== 'cli'),
      [],
    );
  });
});

describe('a flood of one network without a credential', () => {
  const limit = { ROSTER_LIMIT_SESSION: '2', ROSTER_LIMIT_CONNECT: '2', ROSTER_LIMIT_PASSWORD: '2' };
  const roster = setUpRoster({ env: limit });
  const other = setUp(() => roster.addOrganization());

  const throttled = async ({ apiKeys }: typeof other) => {
    await roster.core.tally.write(roster.core.work);
    const query = 'GET /sonar/v1/audit_events?action=access.throttled';
    const reply = await roster.call(query, { bearer: apiKeys.admin });
    const found = reply.at('data');
    assert.ok(Array.isArray(found));
    return found.map(({ actor, door, subject, times }) => [actor.kind, door, subject.kind, times]);
  };
  const flood = async (line: string, headers: Record<string, string> = {}) => {
    const statuses = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      statuses.push((await roster.call(line, { json: {}, headers })).status);
    }
    return statuses.filter((status) => status === 429).length;
  };

  test('is in the audit log of the organization that the app names, as one count for each hour and door', async () => {
    assert.equal(await flood('POST /general/v1/sessions', { 'x-app-id': other.app.appId }), 4);
    assert.deepEqual(await throttled(other), [['public', 'general', 'unknown', 4]]);
    assert.deepEqual(await throttled(roster.organization), []);
  });

  test('is counted in the organization of the sign-up app where it names no app, or one that does not exist', async () => {
    const refused =
      (await flood('POST /general/v1/sessions')) +
      (await flood('POST /general/v1/sessions', { 'x-app-id': '0'.repeat(40) })) +
      (await flood('POST /general/v1/sessions', { 'x-app-id': "' or 1=1" }));
    assert.equal(refused, 18);
    await flood('POST /humanapi/v1/connect/token');
    await flood('POST /set-password');
    const counts = await throttled(roster.organization);
    assert.deepEqual(
      counts.find(([, door]) => door === 'general'),
      ['public', 'general', 'unknown', 18],
    );
    assert.deepEqual(counts.map(([, door]) => door).sort(), ['general', 'humanapi', 'pages']);
    assert.deepEqual(await throttled(other), [['public', 'general', 'unknown', 4]]);
  });
});
