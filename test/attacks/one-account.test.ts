/**
 * An app that says `one-account` takes a provider's account for one user only: data of one wearable never comes in for two
 * people. The attacker is a second user of the app, and has the wearable or the login of the first one.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createApp, updateApp } from '../../src/core/directory/organization-lifecycle.ts';
import { parseUserIdText } from '../../src/core/ids.ts';
import { makeFolder, removeFolder } from '../cli/program.ts';
import { addPerson } from '../support/contracts/people.ts';
import { type Arrival, type Jar, pressStart, visit } from '../support/server/demo-person.ts';
import { type Roster, startRoster, testDoor } from '../support/server/start.ts';
import { startWearable, type Wearable } from './support/wearable.ts';

let folder: string;
let wearable: Wearable;
let roster: Roster;
/** A second process on the same database. */
let other: Roster;

before(async () => {
  folder = await makeFolder();
  wearable = await startWearable();
  const env = wearable.settings(folder);
  roster = await startRoster({ env });
  other = await startRoster({ env, folder: roster.folder, clock: roster.clock });
});
after(async () => {
  await other.close();
  await roster.close();
  await wearable.close();
  await removeFolder(folder);
});

interface Try {
  readonly userId: string;
  readonly arrival: Arrival;
  status(): Promise<string | undefined>;
}

const bearer = (): string => roster.organization.apiKeys.admin;
const setOneAccount = (isOneAccount: boolean, appId = roster.organization.app.appId) =>
  updateApp(roster.core, testDoor, { appId, isOneAccount });

/** A user, new unless given, on the way to the provider, who has allowed access to that account there. */
async function approach(account: string, userId?: string, appId?: string) {
  const user = userId ?? (await addPerson(roster, appId === undefined ? {} : { appId })).userId;
  const ask = { bearer: bearer(), json: { provider: 'wearable' } };
  const reply = await roster.call(`POST /sonar/v1/users/${user}/devices`, ask);
  const jar: Jar = new Map();
  const { searchParams } = new URL(await pressStart(reply.string('data.auth_url'), jar));
  wearable.account = account;
  const allowed = await fetch(
    `${wearable.address}/allow?${new URLSearchParams({ state: searchParams.get('state') ?? '', redirect_uri: searchParams.get('redirect_uri') ?? '' })}`,
    { method: 'POST', redirect: 'manual' },
  );
  return {
    userId: user,
    jar,
    callback: allowed.headers.get('location') ?? '',
    deviceId: reply.string('data.id'),
  };
}

async function statusOf(userId: string): Promise<string | undefined> {
  const id = parseUserIdText(userId) ?? '';
  const listed = await roster.core.work.read(roster.organization.key, (tx) => tx.connections.listOf(id));
  return listed[0]?.status;
}

async function connect(account: string, userId?: string, appId?: string): Promise<Try> {
  const about = await approach(account, userId, appId);
  const arrival = await visit(about.callback, about.jar);
  return { userId: about.userId, arrival, status: () => statusOf(about.userId) };
}

/** Disconnects every device of the user. */
async function disconnect(userId: string): Promise<void> {
  const path = `/sonar/v1/users/${userId}/devices`;
  const devices = await roster.call(`GET ${path}`, { bearer: bearer() });
  for (const { id } of Object(devices.at('data')))
    await roster.call(`DELETE ${path}/${id}`, { bearer: bearer() });
}

describe('in an app that says one-account', () => {
  before(() => setOneAccount(true));

  test('a second user with the account of the first one is refused, on a page that says why, and the new grant ends', async () => {
    const first = await connect('shared');
    assert.match(first.arrival.text, /Wearable is connected/);
    const ended = wearable.revoked.length;
    const second = await connect('shared');
    assert.equal(second.arrival.status, 409);
    assert.match(second.arrival.text, /This Wearable account is connected to another user/);
    assert.equal(await second.status(), 'pending');
    const events = (await roster.rows.all('audit_events')).map((row) => row['action']);
    assert.ok(events.includes('connection.account_refused'));
    assert.equal(await first.status(), 'active');
    for (const deadline = Date.now() + 10_000; wearable.revoked.length === ended; ) {
      assert.ok(Date.now() < deadline, 'the new grant was not ended');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(wearable.revoked.at(-1), wearable.given.at(-1), 'the grant of the second user');
    assert.ok(!wearable.revoked.includes(wearable.given.at(-2) ?? ''), 'not the grant of the first user');
    // The page shows the same again, and exchanges nothing.
    const { count } = wearable.exchanged;
    assert.equal((await connect('another', second.userId)).arrival.status, 200);
    assert.equal(wearable.exchanged.count, count + 1);
  });

  test('of several users at the same time, in two processes, one gets it', async () => {
    for (const account of ['raced', 'raced again', 'raced once more']) {
      const abouts = [];
      for (let index = 0; index < 4; index += 1) abouts.push(await approach(account));
      const arrivals = await Promise.all(
        abouts.map(({ callback, jar }, index) => {
          const { baseUrl } = index % 2 === 0 ? roster : other;
          return visit(`${baseUrl}/connect/callback${new URL(callback).search}`, jar);
        }),
      );
      assert.deepEqual(arrivals.map(({ status }) => status).sort(), [200, 409, 409, 409]);
    }
  });

  test('the user who has it may connect it again, and after a disconnect or a deletion another may', async () => {
    const first = await connect('moving');
    assert.equal((await connect('moving', first.userId)).arrival.status, 200);
    await disconnect(first.userId);
    const second = await connect('moving');
    assert.equal(second.arrival.status, 200);
    await roster.call(`DELETE /sonar/v1/users/${second.userId}`, { bearer: bearer() });
    assert.equal((await connect('moving')).arrival.status, 200);
  });

  test('another app, and an app that does not say it, take the account', async () => {
    await connect('elsewhere');
    const made = await createApp(roster.core, testDoor, { organization: roster.organization, name: 'Other' });
    await setOneAccount(true, made.app.id);
    assert.equal((await connect('elsewhere', undefined, made.app.id)).arrival.status, 200);
    await setOneAccount(false);
    assert.equal((await connect('elsewhere')).arrival.status, 200);
    await setOneAccount(true);
    assert.equal((await connect('elsewhere')).arrival.status, 409);
  });

  test('the account is stored as a keyed digest, which goes with the connection', async () => {
    const account = 'a-secret-account-of-a-person';
    const { userId } = await connect(account);
    const rows = async () =>
      (await roster.rows.all('connections')).filter((row) => row['user_id'] === parseUserIdText(userId));
    const [row] = await rows();
    assert.match(String(row?.['account_digest']), /^[\w-]{43}$/);
    assert.ok(!JSON.stringify(row).includes(account));
    await disconnect(userId);
    assert.equal((await rows())[0]?.['account_digest'], null);
  });
});
