/**
 * The list of an app as a stream: 20,000 users, read over HTTP by readers that are fast, that pause and that
 * disconnect. A second server on the same store counts its reads.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { humanapiContract } from '../../../src/contracts/humanapi/contract.ts';
import type { Core } from '../../../src/core/core.ts';
import { newUserOf } from '../../../src/core/directory/user-lifecycle.ts';
import { createLogger } from '../../../src/http/log.ts';
import { createServer, type HttpServer } from '../../../src/http/server/server.ts';
import { defaultHttpSettings } from '../../../src/http/settings.ts';
import { slowTestMs } from '../../support/effort.ts';
import { type Client, createClient } from '../../support/server/http.ts';
import { type Roster, startRoster, type Tenant } from '../../support/server/start.ts';

const usersCount = 20_000;
/** A thousand bytes, so that the whole list, 24 MB, does not fit between server and reader. */
const externalIdOf = (index: number): string => `${String(index).padStart(5, '0')}${'🩺'.repeat(250)}`;
const mebibyte = 2 ** 20;

describe('the stream of humanapi', () => {
  let roster: Roster;
  let tenant: Tenant;
  let server: HttpServer;
  let client: Client;
  let line: string;
  /** Reads inside the organization so far, without the look-up of the credential. */
  let reads = 0;

  before(
    async () => {
      roster = await startRoster();
      tenant = roster.organization;
      await roster.core.work.change(tenant.key, async (tx) => {
        for (let index = 0; index < usersCount; index++) {
          const user = newUserOf(tenant.app.appId, roster.clock.now());
          await tx.users.insert({ ...user, externalId: externalIdOf(index) });
        }
      });
      server = createServer({
        core: counting(roster.core),
        contracts: [humanapiContract],
        fallback: 'humanapi',
        settings: defaultHttpSettings,
        publicUrl: () => 'http://localhost',
        logger: createLogger('silent'),
        readiness: async () => true,
      });
      const unchecked = { check: () => ({ contract: null, operation: null }) };
      client = createClient(await server.listen({ host: '127.0.0.1', port: 0 }), async () => unchecked);
      line = `GET /v1/apps/${tenant.app.appId}/users`;
    },
    { timeout: slowTestMs },
  );
  after(async () => {
    client.close();
    await server.close();
    await roster.close();
  });

  function counting({ work, ...core }: Core): Core {
    return {
      ...core,
      work: {
        change: (orgKey, change) => work.change(orgKey, change),
        changeSystem: (reason, change) => work.changeSystem(reason, change),
        readSystem: (reason, read) => work.readSystem(reason, read),
        leavesOut: () => work.leavesOut(),
        read(orgKey, read) {
          reads += 1;
          return work.read(orgKey, read);
        },
      },
    };
  }

  /** Resolves with the count of reads once it has not changed for a while. */
  async function readsAtRest(): Promise<number> {
    for (;;) {
      const before = reads;
      await sleep(150);
      if (reads === before) return reads;
    }
  }

  const externalIds = (users: readonly { externalId: string }[]) => users.map((user) => user.externalId);
  const expected = Array.from({ length: usersCount }, (_, index) => externalIdOf(index));

  test('a reader that pauses stops the reading: memory does not grow, and the rest comes when the reader continues', async () => {
    const idle = await memoryAtRest();
    const readsBefore = await readsAtRest();
    const answer = await client.open(line, { appKey: tenant.app.appKey });
    const readsAhead = (await readsAtRest()) - readsBefore;
    const piledUp = memoryInUse() - idle;
    assert.equal(answer.statusCode, 200);
    assert.ok(readsAhead >= 1, 'the first byte came before anything was read');
    assert.ok(readsAhead < usersCount / 500, `all was read ahead, in ${readsAhead} reads`);
    assert.ok(piledUp < 8 * mebibyte, `${piledUp} bytes piled up`);

    const pieces: Buffer[] = [];
    for await (const piece of answer) pieces.push(piece);
    assert.deepEqual(externalIds(JSON.parse(Buffer.concat(pieces).toString())), expected);
  });

  test('every user is in the array, oldest first', async () => {
    const { text } = await client.call(line, { appKey: tenant.app.appKey });
    assert.deepEqual(externalIds(JSON.parse(text)), expected);
  });

  test('each user has a line, oldest first', async () => {
    const headers = { accept: 'application/x-ndjson' };
    const { text } = await client.call(line, { appKey: tenant.app.appKey, headers });
    const lines = text.trimEnd().split('\n');
    assert.deepEqual(externalIds(lines.map((each) => JSON.parse(each))), expected);
  });

  test('a reader that disconnects stops the reading', async () => {
    const readsBefore = await readsAtRest();
    const answer = await client.open(line, { appKey: tenant.app.appKey });
    await new Promise((resolve) => answer.once('readable', resolve));
    answer.destroy();
    const readsMade = (await readsAtRest()) - readsBefore;
    assert.ok(readsMade < usersCount / 500, `all was read without a reader, in ${readsMade} reads`);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes in use once they grow no more: jobs of the server, such as the index of the search, follow behind the new users. */
async function memoryAtRest(): Promise<number> {
  let last = memoryInUse();
  for (let quiet = 0; quiet < 4; ) {
    await sleep(500);
    const now = memoryInUse();
    quiet = Math.abs(now - last) < mebibyte ? quiet + 1 : 0;
    last = now;
  }
  return last;
}

/** Bytes in use after a garbage collection. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
