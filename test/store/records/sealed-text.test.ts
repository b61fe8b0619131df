import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Core } from '../../../src/core/core.ts';
import type { User } from '../../../src/core/directory/user.ts';
import { newPrefixedId } from '../../../src/core/ids.ts';
import { messageContext } from '../../../src/core/messaging/message.ts';
import { connectionContext } from '../../../src/core/providers/connection.ts';
import { revocationContext } from '../../../src/core/providers/revocation.ts';
import { reseal } from '../../../src/core/sealing/reseal.ts';
import { sealedColumns } from '../../../src/core/sealing/sealed-text.ts';
import { createSecretBox, type SecretBox } from '../../../src/core/secret.ts';
import { noRecords } from '../../../src/store/folder/folder-records.ts';
import { tables } from '../../../src/store/schema/personal-data.ts';
import { addTenant, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const former = createSecretBox('the-secret-of-yesterday-0123456789');
const rotated = createSecretBox('the-secret-of-today-9876543210abcd', ['the-secret-of-yesterday-0123456789']);
const present = createSecretBox('the-secret-of-today-9876543210abcd');

suiteOnEveryDatabase('resealing', (own) => {
  let tenant: Tenant;
  let user: User;
  beforeEach(async () => {
    tenant = await addTenant(own());
    user = await own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
  });

  const { ledger } = noRecords;
  const run = (secrets: SecretBox) => reseal({ work: own(), secrets, ledger } as Partial<Core> as Core);

  /** A message, a connection and a revocation, each with a different text. */
  async function sealWith(box: SecretBox) {
    const { orgKey } = tenant;
    const ids = {
      message: newPrefixedId('msg'),
      connection: newPrefixedId('dev'),
      revocation: newPrefixedId('rev'),
    };
    await own().change(orgKey, async (tx) => {
      await tx.messages.insert({
        id: ids.message,
        userId: user.id,
        channel: 'email',
        template: 'confirmation',
        isOutboxOnly: true,
        destination: 'of email',
        sealedContent: box.seal('a message', messageContext({ orgKey, id: ids.message })),
        createdAt: 1,
      });
      const connection = await tx.connections.insert({
        id: ids.connection,
        userId: user.id,
        provider: 'fitbit',
        createdAt: 1,
      });
      await tx.connections.update(connection, {
        status: 'active',
        sealedGrants: box.seal('a connection', connectionContext({ orgKey, id: ids.connection })),
      });
      await tx.revocations.insert({
        id: ids.revocation,
        connectionId: ids.connection,
        provider: 'fitbit',
        erasureId: null,
        sealedGrant: box.seal('a revocation', revocationContext({ orgKey, id: ids.revocation })),
        unanswered: 0,
        nextAttemptAt: 1,
        createdAt: 1,
      });
    });
    return ids;
  }

  /** The texts as that secret box opens them. */
  async function readWith(box: SecretBox, ids: Awaited<ReturnType<typeof sealWith>>) {
    const { orgKey } = tenant;
    const messages = await own().readSystem('operator', (tx) => tx.messages.listWithContent(1_000));
    return own().read(orgKey, async (tx) => {
      const message = messages.find(({ id }) => id === ids.message);
      const connection = await tx.connections.find(ids.connection);
      const revocation = await tx.revocations.find(ids.revocation);
      return [
        box.open(message?.sealedContent ?? '', messageContext({ orgKey, id: ids.message })),
        box.open(connection?.sealedGrants ?? '', connectionContext({ orgKey, id: ids.connection })),
        box.open(revocation?.sealedGrant ?? '', revocationContext({ orgKey, id: ids.revocation })),
      ];
    });
  }

  const texts = ['a message', 'a connection', 'a revocation'];

  test('a text that was sealed under a former secret is resealed once, and opens under the present secret only', async () => {
    const ids = await sealWith(former);
    assert.deepEqual(await readWith(rotated, ids), texts);
    await assert.rejects(readWith(present, ids));
    assert.deepEqual(await run(rotated), { resealed: 3, unopened: 0 });
    assert.deepEqual(await readWith(present, ids), texts);
    assert.deepEqual(await run(rotated), { resealed: 0, unopened: 0 });
  });

  test('a text that no known secret opens is counted and stays as it is', async () => {
    const ids = await sealWith(createSecretBox('a-secret-that-was-lost-0123456789abc'));
    assert.deepEqual(await run(rotated), { resealed: 0, unopened: 3 });
    await own().change(tenant.orgKey, (tx) => tx.users.erase(user, []));
    const [revocation] = await own().change(tenant.orgKey, (tx) => tx.revocations.lockOpenOf(ids.connection));
    assert.ok(revocation);
    await own().change(tenant.orgKey, (tx) => tx.revocations.withdraw(revocation));
  });

  test('a text that has changed since it was read is not overwritten', async () => {
    const ids = await sealWith(former);
    const { orgKey } = tenant;
    const [listed] = await own().readSystem('operator', (tx) =>
      tx.sealed.list('connections', { orgKey, id: `${ids.connection.slice(0, -1)}` }, 1),
    );
    assert.equal(listed?.id, ids.connection);
    const newer = present.seal('newer', connectionContext({ orgKey, id: ids.connection }));
    await own().change(orgKey, async (tx) => {
      const connection = await tx.connections.find(ids.connection);
      assert.ok(connection);
      await tx.connections.update(connection, { sealedGrants: newer });
    });
    const replace = () =>
      own().changeSystem('operator', (tx) => tx.sealed.replace('connections', listed, 'older, sealed anew'));
    assert.equal(await replace(), false);
    const connection = await own().read(orgKey, (tx) => tx.connections.find(ids.connection));
    assert.equal(connection?.sealedGrants, newer);
    assert.deepEqual(await run(rotated), { resealed: 2, unopened: 0 });
  });
});

describe('the list of sealed columns', () => {
  /** These expire before a former secret is removed. */
  const shortLived = [
    'password_requests.sealed_email',
    'oauth_attempts.sealed_secrets',
    'staff_sessions.sealed_totp',
  ];
  /** Sealed under the token of its own row, which no secret of the deployment opens. */
  const underToken = ['email_tokens.sealed_email'];

  test('names every column that is declared as sealed', () => {
    const listed = Object.entries(sealedColumns).map(([table, { column }]) => `${table}.${column}`);
    const found = Object.entries(tables).flatMap(([table, { columns }]) =>
      Object.keys(columns)
        .filter((column) => column.startsWith('sealed_'))
        .map((column) => `${table}.${column}`),
    );
    assert.deepEqual(
      found.filter((each) => ![...shortLived, ...underToken].includes(each)).sort(),
      listed.sort(),
    );
  });
});
