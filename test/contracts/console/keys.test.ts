/** API keys in the console: who may, what is shown once, the replaced key, and the tenants. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dayMs, hourMs } from '../../../src/core/time.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { expectRoles } from './roles.ts';

const path = '/console/api/v1/keys';
const members = ['owner', 'engineer'] as const;

describe('keys', () => {
  const roster = setUpRoster();
  const engineer = setUp(() => roster.organization.staff('engineer'));
  const other = setUp(() => roster.addOrganization());
  const ledger = setUpLedger(roster);

  const ask = (line: string, json?: unknown) =>
    roster.call(line, { ...engineer.ask, ...(json === undefined ? {} : { json }) });
  const create = async (fields: object = {}) =>
    ask(`POST ${path}`, { name: 'Nightly import', role: 'reader', expiresAt: null, ...fields });
  const works = async (bearer: string) => (await roster.call('GET /sonar/v1/users', { bearer })).status;

  test('a new key works, is shown once, and is recorded with its maker', async () => {
    await ledger.mark();
    const made = await create();
    assert.equal(made.status, 201);
    const keyId = made.string('key.id');
    assert.deepEqual(made.at('key'), {
      ...{ id: keyId, name: 'Nightly import', role: 'reader', state: 'active' },
      createdAt: new Date(roster.clock.now()).toISOString(),
      ...{
        expiresAt: null,
        revokedAt: null,
        usedAt: null,
        network: null,
        formerUntil: null,
        formerUsedAt: null,
      },
    });
    await ledger.expect({
      audit: [
        {
          action: 'api_key.created',
          door: 'console',
          actor_kind: 'staff',
          actor_id: engineer.staffId,
          subject_id: keyId,
        },
      ],
      rows: { api_keys: '+1' },
    });
    assert.equal(await works(made.string('secret')), 200);
    const listed = await ask(`GET ${path}`);
    assert.ok(!listed.text.includes(made.string('secret')));
    assert.ok(listed.text.includes(keyId));
  });

  test('the list shows the hour and the network of the last use', async () => {
    const made = await create();
    await works(made.string('secret'));
    const { core, clock } = roster;
    await core.keyUses.write(core.work, clock.now());
    const listed = await ask(`GET ${path}`);
    const items = listed.at('items');
    assert.ok(Array.isArray(items));
    const own = items.find(({ id }) => id === made.at('key.id'));
    const hour = clock.now() - (clock.now() % hourMs);
    assert.deepEqual([own.usedAt, own.network], [new Date(hour).toISOString(), '127.0.0.0/24']);
  });

  test('faulty fields are all named, and nothing is made', async () => {
    await ledger.mark();
    const past = new Date(roster.clock.now() - 1).toISOString();
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [{ name: ' ' }, ['name']],
      [{ name: null, role: 'root', expiresAt: 'soon' }, ['role', 'expiresAt', 'name']],
      [{ name: 5 }, ['name']],
      [{ name: 'x'.repeat(1_000) }, ['name']],
      [{ expiresAt: past }, ['expiresAt']],
      [{ expiresAt: 12 }, ['expiresAt']],
    ];
    for (const [fields, names] of cases) {
      const reply = await create(fields);
      assert.deepEqual([reply.status, reply.at('error.code')], [422, 'invalid_fields'], reply.text);
      assert.deepEqual(Object.keys(Object(reply.at('error.fields'))), names);
    }
    await ledger.expect({});
  });

  test('a key gets another name and another end, and expires then', async () => {
    const made = await create();
    const at = `${path}/${made.string('key.id')}`;
    const end = new Date(roster.clock.now() + dayMs).toISOString();
    await ledger.mark();
    const changed = await ask(`PATCH ${at}`, { name: 'Import', expiresAt: end });
    assert.deepEqual([changed.status, changed.at('name'), changed.at('expiresAt')], [200, 'Import', end]);
    await ledger.expect({
      audit: [{ action: 'api_key.updated', fields: 'name,expires_at', actor_id: engineer.staffId }],
      rows: { api_keys: '~1' },
    });
    for (const body of [{ name: '' }, { expiresAt: 'never' }, { name: 7 }]) {
      assert.equal((await ask(`PATCH ${at}`, body)).status, 422);
    }
    assert.equal((await ask(`PATCH ${at}`, { expiresAt: null })).at('expiresAt'), null);
  });

  test('a rotated key works for the chosen hours, or is refused at once, and its end can be hurried', async () => {
    const first = await create();
    const at = `${path}/${first.string('key.id')}`;
    const second = await ask(`POST ${at}/rotate`, { formerHours: 168 });
    assert.equal(second.status, 200);
    const until = new Date(roster.clock.now() + 7 * dayMs).toISOString();
    assert.equal(second.at('key.formerUntil'), until);
    const secrets = [first.string('secret'), second.string('secret')] as const;
    assert.deepEqual([await works(secrets[0]), await works(secrets[1])], [200, 200]);
    await ledger.mark();
    assert.equal((await ask(`POST ${at}/end-former`)).status, 204);
    await ledger.expect({
      audit: [{ action: 'api_key.former_ended', door: 'console' }],
      rows: { api_keys: '~1' },
    });
    assert.deepEqual([await works(secrets[0]), await works(secrets[1])], [401, 200]);
    assert.deepEqual((await ask(`POST ${at}/end-former`)).at('error.code'), 'wrong_state');
    const third = await ask(`POST ${at}/rotate`, { formerHours: 0 });
    assert.equal(third.at('key.formerUntil'), null);
    assert.deepEqual([await works(secrets[1]), await works(third.string('secret'))], [401, 200]);
    for (const formerHours of [169, -1, 0.5, '24', null]) {
      const reply = await ask(`POST ${at}/rotate`, { formerHours });
      assert.equal(reply.at('error.fields.formerHours.fault'), 'out_of_range');
    }
    assert.equal(await works(third.string('secret')), 200);
  });

  test('a revoked key is refused at once and for good', async () => {
    const made = await create();
    const at = `${path}/${made.string('key.id')}`;
    const fresh = await ask(`POST ${at}/rotate`, { formerHours: 24 });
    await ledger.mark();
    assert.equal((await ask(`DELETE ${at}`)).status, 204);
    await ledger.expect({
      audit: [{ action: 'api_key.revoked', door: 'console' }],
      rows: { api_keys: '~1' },
    });
    for (const key of [made, fresh]) assert.equal(await works(key.string('secret')), 401);
    for (const [line, json] of [
      [`DELETE ${at}`, undefined],
      [`POST ${at}/rotate`, { formerHours: 0 }],
      [`PATCH ${at}`, { name: 'Again' }],
    ] as const) {
      const reply = await ask(line, json);
      assert.deepEqual([reply.status, reply.at('error.message')], [404, 'API key not found.'], line);
    }
  });

  test('owners and engineers may, and others are refused for their role', async () => {
    const fresh = async () => (await create()).string('key.id');
    const on = { roster };
    await expectRoles(on, members, `GET ${path}`);
    await expectRoles(on, members, `POST ${path}`, {
      json: { name: 'One', role: 'reader', expiresAt: null },
    });
    await expectRoles(on, members, async () => `PATCH ${path}/${await fresh()}`, { json: { name: 'Two' } });
    await expectRoles(on, members, async () => `POST ${path}/${await fresh()}/rotate`, {
      json: { formerHours: 1 },
    });
    await expectRoles(on, members, async () => `DELETE ${path}/${await fresh()}`);
    const rotated = async () => {
      const id = await fresh();
      await ask(`POST ${path}/${id}/rotate`, { formerHours: 5 });
      return `POST ${path}/${id}/end-former`;
    };
    await expectRoles(on, members, rotated);
  });

  test('what gives or takes access needs a fresh second factor', async () => {
    const made = await create();
    const at = `${path}/${made.string('key.id')}`;
    const stale = await roster.organization.staff('owner', { isStale: true });
    await ledger.mark();
    const lines: readonly (readonly [string, unknown])[] = [
      [`POST ${path}`, { name: 'One', role: 'admin', expiresAt: null }],
      [`POST ${at}/rotate`, { formerHours: 0 }],
      [`POST ${at}/end-former`, undefined],
      [`DELETE ${at}`, undefined],
    ];
    for (const [line, json] of lines) {
      const reply = await roster.call(line, { ...stale.ask, ...(json === undefined ? {} : { json }) });
      assert.deepEqual([reply.status, reply.at('error.code')], [403, 'fresh_factor_required'], line);
    }
    await ledger.expect({});
    assert.equal((await roster.call(`PATCH ${at}`, { ...stale.ask, json: { name: 'Named' } })).status, 200);
    assert.equal(await works(made.string('secret')), 200);
  });

  test('the keys of another organization are not listed and not found', async () => {
    const made = await create();
    const stranger = await other.staff('owner');
    const listed = await roster.call(`GET ${path}`, stranger.ask);
    assert.ok(!listed.text.includes(made.string('key.id')));
    await ledger.mark();
    const at = `${path}/${made.string('key.id')}`;
    for (const [line, json] of [
      [`PATCH ${at}`, { name: 'Mine' }],
      [`POST ${at}/rotate`, { formerHours: 0 }],
      [`POST ${at}/end-former`, undefined],
      [`DELETE ${at}`, undefined],
    ] as const) {
      const reply = await roster.call(line, { ...stranger.ask, ...(json === undefined ? {} : { json }) });
      assert.deepEqual([reply.status, reply.at('error.code')], [404, 'not_found'], line);
    }
    await ledger.expect({});
    assert.equal(await works(made.string('secret')), 200);
  });
});
