/** A session that was left open, or stolen: without a second factor of the last minutes it does no harm that lasts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Core } from '../../../src/core/core.ts';
import { runBulkAct } from '../../../src/core/people/bulk-acts.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import { newEmail, newPhone, signUpProved } from '../support/accounts.ts';

const roster = setUpRoster();
const base = '/console/api/v1';
const stale = setUp(() => roster.organization.staff('owner', { isStale: true }));
const fresh = setUp(() => roster.organization.staff('owner', { of: stale }));

const newPerson = async () => {
  const { number } = await signUpProved(roster);
  const reply = await roster.call(`GET ${base}/people?q=${number}`, stale.ask);
  return { path: `${base}/people/${reply.string('items.0.id')}`, id: reply.string('items.0.id') };
};
/** The answer to the stale session, and then to the fresh one. */
const both = async (line: string, json: unknown) => {
  const refused = await roster.call(line, { ...stale.ask, json });
  const done = await roster.call(line, { ...fresh.ask, json });
  return [refused.status, refused.at('error.code'), done.status];
};
const needed = [403, 'fresh_factor_required', 200];

describe('a session without a fresh factor', () => {
  test('cancels no person, renames none, and takes no email or phone', async () => {
    const { path } = await newPerson();
    for (const [line, json] of [
      [`PATCH ${path}`, { email: newEmail() }],
      [`PATCH ${path}`, { phone: newPhone() }],
      [`PATCH ${path}`, { phone: null, firstName: 'Jane' }],
      [`POST ${path}/acts/rename`, { externalId: `mine-${newEmail()}` }],
      [`POST ${path}/acts/cancel`, {}],
    ] as const) {
      assert.deepEqual(await both(line, json), needed, `${line} ${JSON.stringify(json)}`);
    }
  });

  test('still does what helps a person', async () => {
    const { path } = await newPerson();
    assert.equal((await roster.call(`POST ${path}/acts/cancel`, { ...fresh.ask, json: {} })).status, 200);
    for (const [line, json] of [
      [`POST ${path}/acts/reinstate`, {}],
      [`POST ${path}/acts/send-reset`, {}],
      [`POST ${path}/acts/end-sessions`, {}],
      [`POST ${path}/acts/unlock`, {}],
      [`PATCH ${path}`, { firstName: 'Jane', language: 'es' }],
    ] as const) {
      const reply = await roster.call(line, { ...stale.ask, json });
      assert.equal(reply.status, 200, `${line} ${reply.text}`);
    }
  });

  test('cancels not many at once', async () => {
    const ids = [(await newPerson()).id, (await newPerson()).id];
    const json = { act: 'cancel', selection: { ids } };
    const planned = await roster.call(`POST ${base}/bulk-acts`, { ...stale.ask, json });
    const run = `POST ${base}/bulk-acts/${planned.string('id')}/run`;
    assert.deepEqual(await both(run, { confirmation: '2' }), needed);
    const done = await roster.call(`GET ${base}/bulk-acts/${planned.string('id')}`, stale.ask);
    assert.deepEqual([done.at('state'), done.at('changed'), done.at('failed')], ['complete', 2, []]);
  });

  test('goes on with the part of an act on many that it has begun', async () => {
    const ids = [(await newPerson()).id, (await newPerson()).id];
    const json = { act: 'cancel', selection: { ids } };
    const planned = await roster.call(`POST ${base}/bulk-acts`, { ...fresh.ask, json });
    // Each look at this clock takes a second, and the factor ends after two of them.
    let now = roster.clock.now();
    const freshUntil = now + 2_000;
    const clock = { value: { now: () => (now += 1_000) } };
    const core: Core = Object.create(roster.core, { clock });
    const { staffId, sessionId } = fresh;
    const { bulk } = await runBulkAct(
      core,
      {
        ...{ kind: 'staff', door: 'console', orgKey: roster.organization.key, role: 'owner' },
        ...{ staffId, sessionId, freshUntil },
      },
      {
        ...{ id: planned.string('id'), confirmation: '2' },
        arrival: { network: '127.0.0.1', arrivedAt: 0 },
      },
    );
    assert.ok(now > freshUntil);
    assert.deepEqual([bulk.state, bulk.changed, bulk.failed], ['complete', 2, {}]);
  });

  test('opens no app to other pages and to strangers', async () => {
    const app = `PATCH ${base}/apps/${roster.organization.app.appId}`;
    for (const json of [
      { origins: ['https://thief.example.com'] },
      { isSignupOpen: false },
      { isOneAccount: true },
      { isOneAccount: false, name: 'Walks' },
    ]) {
      assert.deepEqual(await both(app, json), needed, JSON.stringify(json));
    }
    for (const json of [{ name: 'Default' }, { colour: '#0c7568' }]) {
      assert.equal((await roster.call(app, { ...stale.ask, json })).status, 200);
    }
  });
});
