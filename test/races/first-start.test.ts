/** Several processes open one new data folder at the same time: one initialises it, and none takes it for a damaged one. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import type { Core } from '../../src/core/core.ts';
import { replayLedger } from '../../src/core/erasure/replay.ts';
import { endStarted, makeFolder, removeFolder, roster, rosterJson, serve } from '../cli/program.ts';
import { openCore } from '../jobs/deployment.ts';
import { effort, slowTest as test } from '../support/effort.ts';
import { createDatabase } from '../support/postgres/postgres.ts';
import { createFakeClock } from '../support/server/clock.ts';

after(endStarted);

/** The core of a process that does `meanwhile` after its read of the number `after`. */
function overtaken(core: Core, after: number, meanwhile: () => Promise<unknown>): Core {
  let reads = 0;
  const work = new Proxy(core.work, {
    get(target, name) {
      if (name !== 'readSystem') {
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return async (...words: Parameters<Core['work']['readSystem']>) => {
        const found = await target.readSystem(...words);
        reads += 1;
        if (reads === after) await meanwhile();
        return found;
      };
    },
  });
  return { ...core, work };
}

describe('the first start of several processes at the same time', () => {
  for (const reads of [1, 2]) {
    test(`takes a ledger for the one of the folder that another process notes after read ${reads}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'roster-first-'));
      const processes = [
        await openCore(folder, createFakeClock()),
        await openCore(folder, createFakeClock()),
      ];
      const [early, late] = processes.map(({ core }) => core);
      assert.ok(early !== undefined && late !== undefined);
      const note = () => replayLedger(early, { takesOther: false });
      const replayed = await replayLedger(overtaken(late, reads, note), { takesOther: false });
      assert.equal(replayed.isOtherLedger, false);
      for (const { closeStore } of processes) await closeStore();
      await rm(folder, { recursive: true });
    });
  }

  for (const database of ['SQLite', 'PostgreSQL']) {
    test(`has one organization with ${database}, and each command says so`, async () => {
      for (let round = 0; round < effort({ short: 1, long: 20 }); round += 1) {
        const folder = await makeFolder();
        const postgres = database === 'SQLite' ? null : await createDatabase();
        const settings: Readonly<Record<string, string>> =
          postgres === null ? {} : { DATABASE_URL: postgres.url };
        const init = () => roster(folder, ['init', '--json'], settings);
        const [server, imported, ...inits] = await Promise.all([
          serve(folder, settings),
          roster(folder, ['import', '/dev/null', '--org', 'none', '--format', 'csv'], settings),
          init(),
          init(),
        ]);
        const { exitCode, stderr } = await server.stop('SIGTERM');
        // The server has no word of another ledger in its log.
        assert.deepEqual([exitCode, stderr], [0, '']);
        const refused = /^roster: .* is initialised.*\n$/;
        for (const { exitCode, stderr } of inits) if (exitCode !== 0) assert.match(stderr, refused);
        assert.doesNotMatch(imported.stderr, /failed|ledger/);
        const winners = inits.filter((each) => each.exitCode === 0).length;
        assert.equal(winners + (server.output.at('apiKey') === undefined ? 0 : 1), 1);
        assert.equal((await rosterJson(folder, ['org', 'list'], settings)).at('total'), 1);
        await postgres?.drop();
        await removeFolder(folder);
      }
    });
  }
});
