/**
 * The secret of a deployment is changed, and the former one leaks. After `roster reseal` the former secret can be removed: the
 * ledger is still verified as a whole. With the former secret no line can be added.
 */
import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openDirectory } from '../../../src/app/open-directory.ts';
import { readConfig } from '../../../src/config/config.ts';
import type { Core } from '../../../src/core/core.ts';
import { createOrganization } from '../../../src/core/directory/organization-lifecycle.ts';
import { deleteUser, newUserOf } from '../../../src/core/directory/user-lifecycle.ts';
import { completeErasures } from '../../../src/core/erasure/complete-erasures.ts';
import type { OrgKey, UserId } from '../../../src/core/ids.ts';
import { reseal } from '../../../src/core/sealing/reseal.ts';
import { createSecretBox } from '../../../src/core/secret.ts';
import { LedgerChain } from '../../../src/store/folder/ledger-chain.ts';
import { makeFolder, removeFolder } from '../../cli/program.ts';
import { createDatabase, type OwnDatabase } from '../../support/postgres/postgres.ts';

const former = 'the-former-secret-of-this-deployment';
const present = 'the-present-secret-of-this-deployment';

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  describe(`a changed secret, on ${database}`, () => {
    let own: OwnDatabase | null = null;
    let folder: string;
    let path: string;
    let appId: string;
    let orgKey: OrgKey;

    before(async () => {
      if (database === 'PostgreSQL') own = await createDatabase();
      folder = await makeFolder();
      path = join(folder, 'erasures.ledger');
      await withCore([former], async (core) => {
        const { organization, app } = await createOrganization(core, 'test', 'Default');
        [orgKey, appId] = [organization.key, app.id];
      });
      // A ledger without any erasure needs no former secret, and no checkpoint.
      await withCore([present], async (core) => {
        assert.equal(await core.ledger.checkpoint(), false);
      });
      await withCore([former], eraseOne);
    });
    after(async () => {
      await removeFolder(folder);
      await own?.drop();
    });

    /** Opens the directory as a process with these secrets does; the first is the present one. */
    async function withCore<T>(
      [secret = '', ...old]: readonly string[],
      work: (core: Core) => Promise<T>,
    ): Promise<T> {
      const { config, secrets } = readConfig({
        ROSTER_DATA_DIR: folder,
        ROSTER_SECRET: secret,
        ...(old.length === 0 ? {} : { ROSTER_OLD_SECRETS: old.join(',') }),
        ...(own === null ? {} : { DATABASE_URL: own.url }),
      });
      const directory = await openDirectory({ config, secrets });
      try {
        return await work(directory.core);
      } finally {
        await directory.close();
      }
    }

    const isOpened = (...secrets: string[]): Promise<void> => withCore(secrets, async () => {});

    const addUser = (core: Core): Promise<UserId> =>
      core.work.change(orgKey, async (tx) => (await tx.users.insert(newUserOf(appId, core.clock.now()))).id);

    async function eraseOne(core: Core): Promise<void> {
      const operator = { kind: 'operator', door: 'test', orgKey } as const;
      const id = await addUser(core);
      await deleteUser(core, operator, { ref: { id } });
      await completeErasures(core);
    }

    test('that no process knows refuses the start, and says which secret is missing', async () => {
      await assert.rejects(isOpened(present), /erasures\.ledger names a secret that is not in the settings/);
      await isOpened(present, former);
    });

    test('can be removed once the ledger is resealed', async () => {
      await withCore([present, former], async (core) => {
        await eraseOne(core);
        assert.equal((await reseal(core)).unopened, 0);
        assert.equal((await reseal(core)).resealed, 0);
        await eraseOne(core);
      });
      const before = await readFile(path);
      await isOpened(present);
      await withCore([present], async (core) => {
        assert.equal((await reseal(core)).resealed, 0);
      });
      assert.deepEqual(await readFile(path), before, 'one checkpoint is enough');
      await withCore([present], eraseOne);
    });

    test('and each line before and behind the checkpoint is verified without it', async () => {
      const right = await readFile(path, 'utf8');
      const lines = right.trimEnd().split('\n');
      const checkpoint = lines.findIndex((line) => line.startsWith('{"kind":"checkpoint"'));
      assert.ok(checkpoint > 3 && checkpoint < lines.length - 1);
      const changed = lines.map((line, at) =>
        lines.with(
          at,
          line.replace(/\d(?=[^\d]*,"key")/, (digit) => `${(Number(digit) + 1) % 10}`),
        ),
      );
      changed.push(...lines.map((_, at) => lines.toSpliced(at, 1)), lines.slice(0, checkpoint));
      for (const each of changed) {
        if (each.join('\n') === lines.join('\n')) continue;
        await writeFile(path, each.map((line) => `${line}\n`).join(''));
        await assert.rejects(isOpened(present), /erasures\.ledger/);
      }
      await writeFile(path, right);
      await isOpened(present);
    });

    test('and a line under the former secret is refused, also where that is still in the settings', async () => {
      const living = await withCore([present, former], addUser);
      const right = await readFile(path);
      const { ledger } = JSON.parse(right.toString().split('\n', 1)[0] ?? '');
      // The attacker has read both secrets' lines, and can make codes under the former secret.
      const chain = new LedgerChain(path, ledger, {
        secrets: createSecretBox(former, [present]),
        expected: null,
      });
      chain.advance(right);
      const erasure = {
        ...{ orgKey, id: `era_${'e'.repeat(32)}`, userId: living, requestedAt: 1 },
        ...{ requestedBy: 'api_key', door: 'sonar' },
      };
      await appendFile(path, chain.seal([JSON.stringify({ kind: 'accepted', erasure })]));
      for (const secrets of [[present], [present, former]]) {
        await assert.rejects(isOpened(...secrets), /erasures\.ledger/);
      }
      await writeFile(path, right);
      await withCore([present, former], async (core) => {
        assert.notEqual(await core.work.read(orgKey, (tx) => tx.users.find({ id: living })), null);
      });
    });
  });
}
