/** A host on which another program answers, or a server that wants a way to sign in that the client library does not know. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, describe } from 'node:test';
import { withMigrationTarget } from '../../../src/store/postgres/migration.ts';
import { PostgresPool } from '../../../src/store/postgres/pool.ts';
import { slowTest as test } from '../../support/effort.ts';
import { sharedPostgres } from '../../support/postgres/postgres.ts';

const timeouts = { connectMs: 10_000, statementMs: 10_000, lockMs: 1_000 };

for (const [what, answer] of [
  ['wants a ticket of Kerberos', [82, 0, 0, 0, 8, 0, 0, 0, 7]],
  ['wants an unknown proof', [82, 0, 0, 0, 8, 0, 0, 0, 99]],
  ['ends a statement that was not sent', [67, 0, 0, 0, 6, 49, 0]],
  ['sends zeros', new Array(64).fill(0)],
] as const) {
  describe(`a host that ${what}`, () => {
    let server: Server;
    let host: string;

    before(async () => {
      server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.write(Uint8Array.from(answer)));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => server.close());

    test('cannot be used', async () => {
      const url = `postgres://roster@${host}/roster`;
      await assert.rejects(
        withMigrationTarget({ url, connectMs: 1_000 }, (target) => target.version()),
        { code: '08006' },
      );
      const pool = new PostgresPool({ url, size: 4, timeouts: { ...timeouts, connectMs: 1_000 } });
      await assert.rejects(pool.changes.lease(), { code: '08006' });
      await pool.close();
    });

    test('is passed over', async () => {
      const url = (await sharedPostgres()).replace('@', `@${host},`);
      const pool = new PostgresPool({ url, size: 4, timeouts });
      const { connection, end } = await pool.changes.lease();
      assert.deepEqual(await connection.ask('select 1 as one'), [{ one: 1 }]);
      end(false);
      await pool.close();
    });
  });
}
