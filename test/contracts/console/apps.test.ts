/** Apps in the console: name, origins, brand, secrets, and a trial of the Connect page. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { expectRoles } from './roles.ts';

const path = '/console/api/v1/apps';
const members = ['owner', 'engineer'] as const;
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe('apps', () => {
  const roster = setUpRoster();
  const engineer = setUp(() => roster.organization.staff('engineer'));
  const other = setUp(() => roster.addOrganization());
  const ledger = setUpLedger(roster);
  const appId = () => roster.organization.app.appId;

  const ask = (line: string, json?: unknown) =>
    roster.call(line, { ...engineer.ask, ...(json === undefined ? {} : { json }) });

  test('the list has the apps of the organization and the providers of the deployment', async () => {
    const reply = await ask(`GET ${path}`);
    assert.deepEqual(reply.at('items'), [
      {
        ...{ id: appId(), name: 'Default', isSignupOpen: true, isOneAccount: false, origins: [] },
        ...{ colour: null, logoPath: null },
        createdAt: new Date(roster.clock.now()).toISOString(),
      },
    ]);
    assert.ok(Array.isArray(reply.at('providers')));
    assert.ok(!reply.text.includes(other.app.appId));
  });

  test('a new app has a key and a client secret that work, shown once', async () => {
    await ledger.mark();
    const made = await ask(`POST ${path}`, { name: 'Walks' });
    assert.equal(made.status, 201);
    const id = made.string('app.id');
    await ledger.expect({
      audit: [{ action: 'app.created', door: 'console', actor_id: engineer.staffId, subject_id: id }],
      rows: { apps: '+1' },
    });
    const users = `GET /humanapi/v1/apps/${id}/users`;
    assert.equal((await roster.call(users, { appKey: made.string('appKey') })).status, 200);
    const owner = await roster.organization.staff('owner');
    const json = { secret: 'app_key' };
    const rotated = await roster.call(`POST ${path}/${id}/rotate`, { ...owner.ask, json });
    assert.equal((await roster.call(users, { appKey: made.string('appKey') })).status, 401);
    assert.equal((await roster.call(users, { appKey: rotated.string('secret') })).status, 200);
    assert.equal((await ask(`POST ${path}/${id}/rotate`, { secret: 'client_secret' })).status, 200);
    assert.equal((await ask(`POST ${path}/${id}/rotate`, { secret: 'password' })).status, 422);
    for (const name of ['', ' ', null, 4]) {
      assert.deepEqual(Object.keys(Object((await ask(`POST ${path}`, { name })).at('error.fields'))), [
        'name',
      ]);
    }
  });

  test('each kind of change is recorded by its action, in one transaction', async () => {
    const at = `${path}/${appId()}`;
    await ledger.mark();
    const changes = {
      ...{ name: 'Steps', isSignupOpen: false, isOneAccount: true, colour: '#ABC' },
      origins: ['https://app.example.com/', 'http://localhost:3000', 'https://app.example.com'],
      logo: png.toString('base64'),
    };
    const reply = await ask(`PATCH ${at}`, changes);
    assert.equal(reply.status, 200, reply.text);
    const { logoPath, ...rest } = Object(reply.body);
    assert.partialDeepStrictEqual(rest, {
      ...{ name: 'Steps', isSignupOpen: false, isOneAccount: true, colour: '#aabbcc' },
      origins: ['https://app.example.com', 'http://localhost:3000'],
    });
    const logo = await fetch(`${roster.baseUrl}${logoPath}`);
    assert.deepEqual([logo.status, logo.headers.get('content-type')], [200, 'image/png']);
    await ledger.expect({
      audit: [
        { action: 'app.renamed', door: 'console', fields: null },
        { action: 'app.branded', door: 'console', fields: null },
        { action: 'app.updated', door: 'console', fields: 'one_account,origins,signup_open' },
      ],
      rows: { apps: '~1' },
    });
    const bare = await ask(`PATCH ${at}`, { colour: null, logo: null, origins: [], name: 'Default' });
    assert.partialDeepStrictEqual(bare.body, { colour: null, logoPath: null, origins: [] });
  });

  test('faulty fields are all named, and nothing changes', async () => {
    const at = `${path}/${appId()}`;
    await ledger.mark();
    const faulty = {
      ...{
        name: ' ',
        isSignupOpen: 'yes',
        isOneAccount: 1,
        origins: 'https://a.example.com',
        colour: 3,
        logo: '!',
      },
    };
    const types = await ask(`PATCH ${at}`, faulty);
    const names = ['isSignupOpen', 'isOneAccount', 'origins', 'colour', 'logo'];
    assert.deepEqual(Object.keys(Object(types.at('error.fields'))), names);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64');
    const values = { name: '', origins: ['https://a.example.com/path'], colour: 'red', logo: svg };
    const read = await ask(`PATCH ${at}`, values);
    assert.deepEqual(Object.keys(Object(read.at('error.fields'))), ['name', 'origins', 'colour', 'logo']);
    const large = Buffer.concat([png, Buffer.alloc(64 * 1024)]).toString('base64');
    assert.equal((await ask(`PATCH ${at}`, { logo: large })).at('error.fields.logo.fault'), 'too_long');
    await ledger.expect({});
  });

  test('a trial opens the Connect page for a person whom no message reaches, the same one each time', async () => {
    await ledger.mark();
    const first = await ask(`POST ${path}/${appId()}/try-connect`);
    assert.equal(first.status, 200);
    await ledger.expect({
      audit: [{ action: 'user.created' }, { action: 'connect.session_issued', actor_id: engineer.staffId }],
      rows: { users: '+1', trial_people: '+1', connect_tokens: '+1' },
    });
    const page = await fetch(`${roster.baseUrl}${first.string('path')}`);
    assert.equal(page.status, 200);
    const again = await ask(`POST ${path}/${appId()}/try-connect`);
    assert.equal(again.at('userId'), first.at('userId'));
    assert.notEqual(again.at('path'), first.at('path'));
    const owner = await roster.organization.staff('owner');
    const act = async (name: string): Promise<number> => {
      const line = `POST /console/api/v1/people/${first.string('userId')}/acts/${name}`;
      return (await roster.call(line, { ...owner.ask, json: {} })).status;
    };
    assert.equal(await act('cancel'), 200);
    assert.equal((await ask(`POST ${path}/${appId()}/try-connect`)).status, 409);
    assert.equal(await act('reinstate'), 200);
    await ledger.mark();
  });

  test('owners and engineers may, and others are refused for their role', async () => {
    const on = { roster };
    await expectRoles(on, members, `GET ${path}`);
    await expectRoles(on, members, `POST ${path}`, { json: { name: 'One' } });
    await expectRoles(on, members, `PATCH ${path}/${appId()}`, { json: { name: 'Default' } });
    await expectRoles(on, members, `POST ${path}/${appId()}/rotate`, { json: { secret: 'client_secret' } });
    await expectRoles(on, ['owner'], `POST ${path}/${appId()}/rotate`, { json: { secret: 'app_key' } });
    await expectRoles(on, members, `POST ${path}/${appId()}/try-connect`);
  });

  test('a new app and a new secret need a fresh second factor', async () => {
    const stale = await roster.organization.staff('owner', { isStale: true });
    await ledger.mark();
    for (const [line, json] of [
      [`POST ${path}`, { name: 'One' }],
      [`POST ${path}/${appId()}/rotate`, { secret: 'app_key' }],
    ] as const) {
      const reply = await roster.call(line, { ...stale.ask, json });
      assert.deepEqual([reply.status, reply.at('error.code')], [403, 'fresh_factor_required']);
    }
    await ledger.expect({});
  });

  test('the app of another organization is not found', async () => {
    await ledger.mark();
    const at = `${path}/${other.app.appId}`;
    for (const [line, json] of [
      [`PATCH ${at}`, { name: 'Mine' }],
      [`POST ${at}/rotate`, { secret: 'client_secret' }],
      [`POST ${at}/try-connect`, undefined],
    ] as const) {
      const reply = await ask(line, json);
      assert.deepEqual([reply.status, reply.at('error.message')], [404, 'App not found.'], line);
    }
    await ledger.expect({});
  });
});
