/**
 * The connection to the database is cut exactly where a commit has been made and not answered. The caller is refused, and what was
 * done is found again with the same key.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { after, before, describe } from 'node:test';
import { slowTest as test } from '../support/effort.ts';
import { createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';
import type { Reply } from '../support/server/http.ts';
import { type Roster, startRoster } from '../support/server/start.ts';

const commitSent = 'commit\0';
const commitMade = 'COMMIT\0';

describe('a commit whose answer is lost', () => {
  let database: OwnDatabase;
  let proxy: Server;
  let roster: Roster;
  let bearer: string;
  /** How many of the next commits are not answered. */
  let cuts = 0;

  before(async () => {
    database = await createDatabase();
    const server = new URL(database.url);
    proxy = createServer((client) => {
      const upstream = connect(Number(server.port), server.hostname);
      let isCutting = false;
      const end = () => {
        client.destroy();
        upstream.destroy();
      };
      for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
      client.on('data', (chunk) => {
        if (cuts > 0 && !isCutting && chunk.includes(commitSent)) {
          cuts -= 1;
          isCutting = true;
        }
        upstream.write(chunk);
      });
      upstream.on('data', (chunk) => {
        if (!isCutting) client.write(chunk);
        else if (chunk.includes(commitMade)) end();
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const url = new URL(database.url);
    url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    roster = await startRoster({ env: { DATABASE_URL: String(url) } });
    bearer = roster.organization.apiKeys.admin;
  });
  after(async () => {
    await roster?.close();
    proxy?.close();
    await database?.drop();
  });

  /** Makes the call with commits that are not answered until it is refused, and then again without. */
  async function cutOnce(call: () => Promise<Reply>): Promise<Reply> {
    for (let tries = 0; tries < 10; tries++) {
      cuts = 1;
      const lost = await call();
      if (lost.status !== 503) continue;
      cuts = 0;
      assert.match(lost.header('retry-after'), /^[1-9]\d*$/);
      return call();
    }
    throw new Error('no commit of the call was cut');
  }
  const count = async (table: string) =>
    Number((await database.query(`select count(*) as count from ${table}`))[0]?.['count']);

  test('makes one user for one Idempotency-Key', async () => {
    const before = await count('users');
    let calls = 0;
    let key = '';
    const reply = await cutOnce(() => {
      calls += 1;
      key ||= crypto.randomUUID();
      return roster.call('POST /sonar/v1/users', { bearer, headers: { 'Idempotency-Key': key } });
    });
    assert.equal(reply.status, 201);
    assert.ok(calls > 1);
    assert.equal(await count('users'), before + 1);
  });

  test('makes one user for each key where many share it', async () => {
    const before = await count('users');
    const keys = Array.from({ length: 40 }, () => crypto.randomUUID());
    cuts = 3;
    const create = (key: string) =>
      roster.call('POST /sonar/v1/users', { bearer, headers: { 'Idempotency-Key': key } });
    const first = await Promise.all(keys.map(create));
    assert.ok(first.every(({ status }) => status === 201 || status === 503));
    assert.ok(first.some(({ status }) => status === 503));
    cuts = 0;
    const again = await Promise.all(keys.map(create));
    assert.ok(again.every(({ status }) => status === 201));
    first.forEach((reply, at) => {
      if (reply.status === 201) assert.equal(again[at]?.string('data.id'), reply.string('data.id'));
    });
    assert.equal(await count('users'), before + keys.length);
  });

  test('deletes a user, and a repeated deletion is answered', async () => {
    const made = await roster.call('POST /sonar/v1/users', { bearer });
    const before = await count('users');
    const id = made.string('data.id');
    cuts = 1;
    const statuses: number[] = [];
    for (let tries = 0; tries < 3; tries++) {
      const { status } = await roster.call(`DELETE /sonar/v1/users/${id}`, { bearer });
      statuses.push(status);
    }
    assert.ok(
      statuses.every((status) => status === 503 || status < 300 || status === 404),
      statuses.join(),
    );
    assert.equal(cuts, 0);
    assert.equal(await count('users'), before - 1);
  });
});
