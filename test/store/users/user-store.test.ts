import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { canonicalEmail } from '../../../src/core/directory/email-address.ts';
import type { NewUser, User, UserChanges } from '../../../src/core/directory/user.ts';
import { type UserView, userView } from '../../../src/core/directory/user-view.ts';
import { isNotFound, isRefusal } from '../../../src/core/errors.ts';
import { newAppId, newUserId, newUserNumber } from '../../../src/core/ids.ts';
import { addTenant, newApp, newDigests, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

suiteOnEveryDatabase('the store of users', (own) => {
  let tenant: Tenant;

  beforeEach(async () => {
    tenant = await addTenant(own());
  });

  const add = (said: Partial<NewUser> = {}, { orgKey, appId } = tenant): Promise<User> =>
    own().change(orgKey, (tx) => tx.users.insert(newUser({ appId }, said)));
  const change = (user: User, changes: UserChanges): Promise<User> =>
    own().change(user.orgKey, (tx) => tx.users.update(user, changes));
  const find = (id: string, { orgKey } = tenant): Promise<User | null> =>
    own().read(orgKey, (tx) => tx.users.find({ id }));
  const totals = (): Promise<number[]> =>
    own().read(tenant.orgKey, (tx) =>
      Promise.all(
        [{}, { status: 'pending' }, { status: 'active' }, { status: 'inactive' }].map(
          async (filter) => (await tx.users.page(filter as { status?: 'active' }, 0, 1)).total,
        ),
      ),
    );

  const complete: Partial<NewUser> = {
    externalId: 'their-17',
    email: 'Ada@Example.org',
    firstName: 'Ada',
    lastName: 'Lovelace',
    phone: '+1-555-123-4567',
    phoneE164: '+15551234567',
    dateOfBirth: '1990-05-15',
    language: 'es',
    timezone: 'Europe/Madrid',
    role: 'admin',
    isClinical: true,
    isClinicalApproved: true,
    isTemplate: true,
    isNativeSignup: true,
    isSelfRegistered: true,
    confirmedAt: 900,
    emailProvedAt: 910,
    phoneProvedAt: 920,
    passwordHash: '$argon2id$x',
  };

  test('a user is read as it was added', async () => {
    const said = newUser(tenant, complete);
    const added = await own().change(tenant.orgKey, (tx) => tx.users.insert(said));
    const expected = {
      ...said,
      orgKey: tenant.orgKey,
      wasActive: true,
      updatedAt: said.createdAt,
      lastLoginAt: null,
      lastSyncAt: null,
      lastScoreAt: null,
    };
    assert.deepEqual(added, expected);
    assert.deepEqual(await find(said.id), expected);
  });

  test('a change of an address ends its proof, unless it brings the proof of the new one', async () => {
    const proved = { emailProvedAt: 910, phoneProvedAt: 920 };
    const user = await add({ ...complete, ...proved });
    const proofsAfter = async (changes: UserChanges) => {
      await own().change(tenant.orgKey, (tx) => tx.users.update(user, { ...complete, ...proved }));
      const { emailProvedAt, phoneProvedAt } = await own().change(tenant.orgKey, (tx) =>
        tx.users.update(user, changes),
      );
      return [emailProvedAt, phoneProvedAt];
    };
    assert.deepEqual(await proofsAfter({ firstName: 'Ann' }), [910, 920]);
    assert.deepEqual(await proofsAfter({ email: 'ADA@example.ORG' }), [910, 920]);
    assert.deepEqual(await proofsAfter({ email: 'other@example.org' }), [null, 920]);
    assert.deepEqual(await proofsAfter({ email: null }), [null, 920]);
    assert.deepEqual(await proofsAfter({ phone: null, phoneE164: null }), [910, null]);
    assert.deepEqual(await proofsAfter({ email: 'other@example.org', emailProvedAt: 930 }), [930, 920]);
  });

  test('a user is found by id, number, email and external id', async () => {
    const user = await add(complete);
    await own().read(tenant.orgKey, async ({ users }) => {
      assert.deepEqual(await users.find({ id: user.id }), user);
      assert.deepEqual(await users.find({ number: user.number }), user);
      assert.deepEqual(await users.find({ number: user.number, appId: tenant.appId }), user);
      assert.deepEqual(await users.findByEmail('ada@example.org'), user);
      assert.deepEqual(await users.findByExternalId(tenant.appId, 'their-17'), user);
      assert.deepEqual(await users.listByExternalId('their-17'), [user]);
    });
  });

  const views: readonly UserView[] = [
    userView('id', 'externalId', 'timezone', 'status', 'lastSyncAt', 'lastScoreAt', 'createdAt'),
    userView('appId', 'orgKey'),
    userView('isClinical', 'wasActive', 'confirmedAt'),
    userView('isTemplate', 'appId', 'email', 'passwordHash'),
  ];
  for (const view of views) {
    test(`a view of ${view.fields.join()} gives only these fields, also when it is used again`, async () => {
      const user = await add(complete);
      const seen = Object.fromEntries(view.fields.map((field) => [field, user[field]]));
      const { id, number } = user;
      for (let round = 0; round < 2; round++) {
        const given = await own().read(tenant.orgKey, ({ users }) =>
          Promise.all([
            ...[{ id }, { number }, { id, appId: tenant.appId }, { number, appId: tenant.appId }].map((ref) =>
              users.find(ref, view),
            ),
            ...[{}, {}, { status: user.status }].map(
              async (filter) => (await users.page(filter, 0, 10, view)).items[0],
            ),
            users.listByExternalId('their-17', view).then(([first]) => first),
          ]),
        );
        assert.deepEqual(given, Array(8).fill(seen));
      }
    });
  }

  test('a user of another app of the organization is not found through one app', async () => {
    const { id, number } = await add(complete);
    const { id: appId } = await own().change(tenant.orgKey, (tx) => tx.apps.insert(newApp(), newDigests()));
    await own().change(tenant.orgKey, async ({ users }) => {
      for (const ref of [
        { id, appId },
        { number, appId },
      ]) {
        assert.equal(await users.find(ref), null);
        assert.equal(await users.lock(ref), null);
      }
      assert.equal((await users.lock({ id, appId: tenant.appId }))?.id, id);
    });
  });

  test('a user of another organization or app is not found', async () => {
    const user = await add(complete);
    const other = await addTenant(own());
    await own().read(other.orgKey, async ({ users }) => {
      assert.equal(await users.find({ id: user.id }), null);
      assert.equal(await users.find({ number: user.number }), null);
      assert.equal(await users.findByEmail('ada@example.org'), null);
      assert.equal(await users.findByExternalId(tenant.appId, 'their-17'), null);
      assert.deepEqual(await users.listByExternalId('their-17'), []);
      assert.deepEqual(await users.page({}, 0, 10), { items: [], total: 0 });
    });
    await own().read(tenant.orgKey, async ({ users }) => {
      assert.equal(await users.find({ id: user.id, appId: other.appId }), null);
      assert.equal(await users.findByExternalId(newAppId(), 'their-17'), null);
      assert.deepEqual(await users.listOldestFirst(other.appId, null, 10), { items: [], next: null });
    });
  });

  test('a second user with an email is refused, whatever its case, and the transaction continues', async () => {
    await add({ email: 'Ada@Example.org' });
    const bystander = newUser(tenant);
    await own().change(tenant.orgKey, async (tx) => {
      const twin = newUser(tenant, { email: ' aDA@example.ORG' });
      await assert.rejects(tx.users.insert(twin), (error) => isRefusal(error, 'email_taken'));
      await tx.users.insert(bystander);
    });
    assert.notEqual(await find(bystander.id), null);
    assert.equal(canonicalEmail(' aDA@example.ORG'), 'ada@example.org');
  });

  test('one email may be used in two organizations', async () => {
    await add({ email: 'ada@example.org' });
    await add({ email: 'ada@example.org' }, await addTenant(own()));
  });

  test('a second user with an external id in an app is refused, with the id of the first', async () => {
    const first = await add({ externalId: 'their-17' });
    await assert.rejects(add({ externalId: 'their-17' }), (error) => {
      assert.ok(isRefusal(error, 'external_id_taken'));
      assert.deepEqual(error.details, { externalId: 'their-17', userId: first.id });
      return true;
    });
  });

  test('an external id may be used once in each app, and its users are listed newest first', async () => {
    const { app } = await own().change(tenant.orgKey, async (tx) => ({
      app: await tx.apps.insert(newApp(), newDigests()),
    }));
    const old = await add({ externalId: 'their-17', createdAt: 5 }, { ...tenant, appId: app.id });
    const young = await add({ externalId: 'their-17', createdAt: 6 });
    const listed = await own().read(tenant.orgKey, (tx) => tx.users.listByExternalId('their-17'));
    assert.deepEqual(listed, [young, old]);
  });

  test('many users may have neither email nor external id', async () => {
    await add();
    await add();
    assert.deepEqual(await totals(), [2, 0, 2, 0]);
  });

  test('a colliding id or number is drawn again', async () => {
    const first = await add();
    const sameId = await add({ id: first.id });
    const sameNumber = await add({ number: first.number });
    assert.notEqual(sameId.id, first.id);
    assert.notEqual(sameNumber.number, first.number);
    assert.deepEqual(await find(sameId.id), sameId);
  });

  test('a user for an app of another organization is refused', async () => {
    const other = await addTenant(own());
    await assert.rejects(add({}, { ...tenant, appId: other.appId }), (error) => isNotFound(error, 'app'));
  });

  test('an app that is rolled back with its users is not taken for the next app', async () => {
    const takenBack = newApp();
    const attempt = own().change(tenant.orgKey, async (tx) => {
      await tx.apps.insert(takenBack, newDigests());
      const { id } = await tx.users.insert(newUser({ appId: takenBack.id }));
      assert.equal((await tx.users.find({ id }))?.appId, takenBack.id);
      throw new Error('changed its mind');
    });
    await assert.rejects(attempt, /changed its mind/);
    const next = await own().change(tenant.orgKey, (tx) => tx.apps.insert(newApp(), newDigests()));
    const user = await add({}, { ...tenant, appId: next.id });
    assert.deepEqual(await find(user.id), user);
    await assert.rejects(add({}, { ...tenant, appId: takenBack.id }), (error) => isNotFound(error, 'app'));
  });

  test('a change sets only the fields that it names, and ends the proof of a former email', async () => {
    const user = await add(complete);
    const changes: UserChanges = {
      externalId: null,
      email: 'New@Example.org',
      firstName: 'Augusta',
      role: 'parent',
      isClinical: false,
      lastLoginAt: 7,
      lastSyncAt: 8,
      lastScoreAt: 9,
      updatedAt: 10,
    };
    const changed = await change(user, changes);
    assert.deepEqual(changed, { ...user, ...changes, emailProvedAt: null });
    assert.deepEqual(await find(user.id), changed);
    const byEmail = (email: string) => own().read(tenant.orgKey, (tx) => tx.users.findByEmail(email));
    assert.equal(await byEmail('ada@example.org'), null);
    assert.deepEqual(await byEmail('new@example.org'), changed);
  });

  test('users are found by the email that they request, the oldest request first', async () => {
    const asking = async (requestedEmail: string, emailRequestedAt: number) =>
      add({ email: null, requestedEmail, emailRequestedAt });
    const younger = await asking('Eve@example.org', 20);
    const older = await asking('eve@example.org', 10);
    const international = await asking('eve@bücher.example', 30);
    const list = async (email: string, orgKey = tenant.orgKey) =>
      (await own().read(orgKey, (tx) => tx.users.listByRequestedEmail(email))).map(({ id }) => id);
    assert.deepEqual(await list('EVE@example.org'), [older.id, younger.id]);
    assert.deepEqual(await list('eve@xn--bcher-kva.example'), [international.id]);
    assert.deepEqual(await list('adam@example.org'), []);
    assert.deepEqual(await list('eve@example.org', (await addTenant(own())).orgKey), []);
  });

  test('every field that may change can be changed, and changed back', async () => {
    const user = await add();
    const { orgKey: _, id: __, number: ___, appId: ____, createdAt: _____, ...rest } = await add(complete);
    const changes: UserChanges = { ...rest, email: 'b@example.org', externalId: 'b', status: 'inactive' };
    const changed = await change(user, { ...changes, wasActive: false });
    assert.deepEqual(changed, { ...user, ...changes, wasActive: false });
    const { id: _id, orgKey: _orgKey, number: _number, appId: _appId, createdAt: _at, ...before } = user;
    assert.deepEqual(await change(changed, before), user);
  });

  test('an empty change gives the present user', async () => {
    const user = await add();
    assert.deepEqual(await change(user, {}), user);
  });

  test('a change to a taken email or external id is refused and leaves the user as it was', async () => {
    const holder = await add({ email: 'ada@example.org', externalId: 'their-17' });
    const user = await add({ email: 'bob@example.org' });
    await assert.rejects(change(user, { email: 'ADA@example.org' }), (error) =>
      isRefusal(error, 'email_taken'),
    );
    await assert.rejects(change(user, { externalId: 'their-17' }), (error) => {
      assert.ok(isRefusal(error, 'external_id_taken'));
      assert.deepEqual(error.details, { externalId: 'their-17', userId: holder.id });
      return true;
    });
    assert.deepEqual(await find(user.id), user);
  });

  test('a change of a user that is gone or has another state or role is refused', async () => {
    const user = await add();
    const cancelled = await change(user, { status: 'inactive' });
    const isGone = (error: unknown) => isNotFound(error, 'user');
    await assert.rejects(change(user, { firstName: 'Late' }), isGone);
    await assert.rejects(change({ ...cancelled, role: 'admin' }, { firstName: 'Late' }), isGone);
    await own().change(tenant.orgKey, (tx) => tx.users.erase(cancelled, []));
    await assert.rejects(change(cancelled, { firstName: 'Late' }), isGone);
    await assert.rejects(change(cancelled, {}), isGone);
    assert.deepEqual(await totals(), [0, 0, 0, 0]);
  });

  test('totals follow creations, changes of status and deletions', async () => {
    const pending = await add({ status: 'pending' });
    const active = await add();
    assert.deepEqual(await totals(), [2, 1, 1, 0]);
    await change(pending, { status: 'active' });
    await change(active, { status: 'inactive' });
    assert.deepEqual(await totals(), [2, 0, 1, 1]);
    await own().change(tenant.orgKey, (tx) => tx.users.erase(active, []));
    assert.deepEqual(await totals(), [1, 0, 1, 0]);
  });

  test('a list inside a change shows its writes, and none that are rolled back', async () => {
    await add();
    const attempt = own().change(tenant.orgKey, async (tx) => {
      await tx.users.insert(newUser(tenant, { status: 'pending' }));
      assert.equal((await tx.users.page({}, 0, 10)).total, 2);
      assert.equal((await tx.users.page({ status: 'pending' }, 0, 10)).items.length, 1);
      throw new Error('changed its mind');
    });
    await assert.rejects(attempt, /changed its mind/);
    assert.deepEqual(await totals(), [1, 0, 1, 0]);
    await add();
    assert.deepEqual(await totals(), [2, 0, 2, 0]);
  });

  test('only active admins are counted', async () => {
    await add({ role: 'admin' });
    await add({ role: 'admin', status: 'pending' });
    await add({ role: 'member' });
    await add({ role: 'admin' }, await addTenant(own()));
    const count = await own().change(tenant.orgKey, (tx) => tx.users.lockActiveAdmins());
    assert.equal(count, 1);
  });

  test('the users of an app are read oldest first, each once, while others are added and removed', async () => {
    const made: User[] = [];
    for (const createdAt of [30, 10, 20, 20, 40]) made.push(await add({ createdAt }));
    const [a30, b10, c20, d20, e40] = made;
    const idsOf = (users: readonly (User | undefined)[]) => users.map((user) => user?.id);
    const batch = (after: Parameters<typeof walk>[1]) => walk(tenant, after);
    const walk = ({ orgKey, appId }: Tenant, after: { createdAt: number; sequence: number } | null) =>
      own().read(orgKey, (tx) => tx.users.listOldestFirst(appId, after, 2));
    const first = await batch(null);
    assert.deepEqual(idsOf(first.items), idsOf([b10, c20]));
    await add({ createdAt: 5 });
    assert.ok(b10);
    await own().change(tenant.orgKey, (tx) => tx.users.erase(b10, []));
    const second = await batch(first.next);
    assert.deepEqual(idsOf(second.items), idsOf([d20, a30]));
    const third = await batch(second.next);
    assert.deepEqual([idsOf(third.items), third.next], [idsOf([e40]), null]);
  });

  test('a user that another transaction adds and rolls back is not seen', async () => {
    const said = { id: newUserId(), number: newUserNumber() };
    const attempt = own().change(tenant.orgKey, async (tx) => {
      await tx.users.insert(newUser(tenant, said));
      assert.equal(await find(said.id), null);
      throw new Error('rolled back');
    });
    await assert.rejects(attempt, /rolled back/);
    assert.equal(await find(said.id), null);
  });
});
