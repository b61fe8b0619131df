import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { addTenant, databases, newUser } from '../harness.ts';

const program = join(import.meta.dirname, 'acknowledging-writer.ts');

function startWriter(...args: readonly string[]): ChildProcessWithoutNullStreams {
  const writer = spawn(process.execPath, [program, ...args]);
  writer.stderr.pipe(process.stderr);
  return writer;
}

/** The lines that the writer printed before it ended; this kills it after `killAfter` lines. */
async function acknowledgedBy(
  writer: ChildProcessWithoutNullStreams,
  killAfter = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface(writer.stdout)) {
    lines.push(line);
    if (lines.length === killAfter) writer.kill('SIGKILL');
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
  // An incomplete last line is not an acknowledgement.
  return lines.filter((line) => line.length === 32);
}

for (const { name, make } of databases) {
  describe(`a store on ${name}`, () => {
    test('every acknowledged change survives kill -9 at any moment, and the counts are right', async (t) => {
      const own = await make();
      t.after(() => own.dispose());
      const tenant = await addTenant(own.store);
      const acknowledged: string[] = [];
      for (const killAfter of [1, 90, 400]) {
        acknowledged.push(...(await acknowledgedBy(startWriter(own.location), killAfter)));
        await own.store.read(tenant.orgKey, async (tx) => {
          for (const id of acknowledged) assert.notEqual(await tx.users.find({ id }), null);
        });
        const { faults, counted } = await own.store.checkCounts(tenant.orgKey);
        assert.equal(faults, 0);
        assert.ok(counted.active >= acknowledged.length);
      }
    });

    test('processes that write at the same time lose no change', async (t) => {
      const own = await make();
      t.after(() => own.dispose());
      const tenant = await addTenant(own.store);
      const writers = [startWriter(own.location, '150'), startWriter(own.location, '150')];
      const ours = Array.from({ length: 150 }, () =>
        own.store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant))),
      );
      const theirs = await Promise.all(writers.map((writer) => acknowledgedBy(writer)));
      await Promise.all(ours);
      assert.deepEqual(
        theirs.map(({ length }) => length),
        [150, 150],
      );
      const { faults, counted } = await own.store.checkCounts(tenant.orgKey);
      assert.deepEqual({ faults, active: counted.active }, { faults: 0, active: 450 });
    });

    test('a change that one process acknowledged is visible to another immediately', async (t) => {
      const own = await make();
      t.after(() => own.dispose());
      const tenant = await addTenant(own.store);
      const other = own.openAgain();
      t.after(() => other.close());
      for (let round = 1; round <= 20; round++) {
        const [writer, reader] = round % 2 === 0 ? [own.store, other] : [other, own.store];
        const { id } = await writer.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
        await reader.read(tenant.orgKey, async ({ users }) => {
          assert.notEqual(await users.find({ id }), null);
          assert.equal((await users.page({}, 0, 1)).total, round);
        });
      }
    });
  });
}
