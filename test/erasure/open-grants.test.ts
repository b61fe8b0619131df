/**
 * Open grants beside the ledger are whole or absent, readable by their owner alone, sealed under the present
 * secret, and removed when they have ended.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { noteForgottenGrants } from '../../src/core/erasure/accept-erasures.ts';
import type { OpenGrant } from '../../src/core/erasure/ledger.ts';
import { isRefusal } from '../../src/core/errors.ts';
import { newDatedId, newPrefixedId } from '../../src/core/ids.ts';
import { reseal } from '../../src/core/sealing/reseal.ts';
import { createSecretBox } from '../../src/core/secret.ts';
import { openGrantsFolder, openGrantsIn } from '../../src/store/folder/open-grants.ts';
import { openCore } from '../jobs/deployment.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../providers/authorization-server.ts';
import { makeLinkedFolder, secret } from './linked-folder.ts';

function grantOf(id = newPrefixedId('rev')): OpenGrant {
  const ids = { erasureId: newDatedId('era', 0), connectionId: newPrefixedId('dev') };
  return { orgKey: 1, id, ...ids, provider: 'acme', sealedGrant: 'sealed', unanswered: 0 };
}

describe('grants in a folder', () => {
  let folder: string;
  const faults: unknown[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'roster-grants-'));
    faults.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));
  const open = () => openGrantsIn(folder, (error) => faults.push(error));

  test('are found unchanged, and readable by their owner alone, until they are dropped', async () => {
    const grants = open();
    const kept = Array.from({ length: 20 }, () => grantOf());
    await grants.keep(kept);
    for (const grant of kept) assert.deepEqual(await open().find(grant.id), grant);
    assert.deepEqual([...(await grants.list())].sort(), kept.map(({ id }) => id).sort());
    const path = join(folder, openGrantsFolder);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    for (const name of await readdir(path)) assert.equal((await stat(join(path, name))).mode & 0o777, 0o600);
    await grants.drop([...kept.map(({ id }) => id), 'rev_none']);
    assert.deepEqual([await grants.list(), await readdir(path)], [[], []]);
  });

  test('do not change when they are kept again, and are replaced only if they still exist', async () => {
    const grants = open();
    const grant = grantOf();
    await grants.keep([grant]);
    await grants.keep([{ ...grant, sealedGrant: 'later' }]);
    assert.deepEqual(await grants.find(grant.id), grant);
    await grants.replace({ ...grant, sealedGrant: 'anew' });
    assert.equal((await grants.find(grant.id))?.sealedGrant, 'anew');
    await grants.drop([grant.id]);
    await grants.replace(grant);
    assert.equal(await grants.find(grant.id), null);
  });

  test('that are damaged count as missing, but an error of the disk does not', async () => {
    const grants = open();
    const grant = grantOf();
    await grants.keep([grant]);
    const path = join(folder, openGrantsFolder, `${grant.id}.json`);
    for (const text of ['', '{', 'null', '[]', '{"id":1}', JSON.stringify({ ...grant, orgKey: 'x' })]) {
      await writeFile(path, text);
      assert.equal(await grants.find(grant.id), null, text);
    }
    await rm(path);
    await mkdir(path);
    await assert.rejects(grants.find(grant.id), { code: 'EISDIR' });
  });

  test('that a crash has left half written are swept, and those that are whole or being written are not', async () => {
    const grants = open();
    await grants.sweep();
    const grant = grantOf();
    await grants.keep([grant]);
    const path = join(folder, openGrantsFolder);
    const whole = `${grant.id}.json`;
    const [young, old] = [`${whole}.${crypto.randomUUID()}`, `${whole}.${crypto.randomUUID()}`];
    for (const name of [young, old]) await writeFile(join(path, name), 'sealed');
    const anHourAgo = Date.now() / 1_000 - 3_600;
    for (const name of [whole, old]) await utimes(join(path, name), anHourAgo, anHourAgo);
    await grants.sweep();
    assert.deepEqual((await readdir(path)).sort(), [whole, young].sort());
    assert.deepEqual(await grants.find(grant.id), grant);
  });

  test('that cannot be written are refused, and the log gets the error', async () => {
    await writeFile(join(folder, openGrantsFolder), 'a file where the folder belongs');
    await assert.rejects(open().keep([grantOf()]), (error) => isRefusal(error, 'unavailable'));
    assert.equal(faults.length, 1);
  });
});

describe('grants of a directory', () => {
  let server: AuthorizationServer;
  before(async () => {
    server = await startAuthorizationServer();
  });
  after(() => server.close());

  test('are resealed with the rest, and ended ones that a crash has left are removed at the next start', async () => {
    const linked = await makeLinkedFolder({ server });
    try {
      const running = await linked.start();
      const id = await running.erase(await running.connectUser());
      const [name = ''] = await running.core.ledger.grants.list();
      const before = await running.core.ledger.grants.find(name);
      assert.ok(before);
      await running.close();
      const present = createSecretBox('another-secret-for-the-folders-under-test', [secret]);
      const later = await openCore(linked.folder, linked.clock, present);
      const report = await reseal(later.core);
      assert.equal(report.unopened, 0);
      const sealed = await later.core.ledger.grants.find(name);
      assert.ok(sealed !== null && present.isPresent(sealed.sealedGrant));
      assert.equal((await reseal(later.core)).resealed, 0);
      await later.core.work.change(linked.orgKey, async (tx) => {
        const [revocation] = await tx.revocations.listOfErasure(id);
        assert.ok(revocation);
        const ended = { state: 'confirmed', outcome: 'test', endedAt: 5, sealedGrant: null } as const;
        await tx.revocations.update(revocation, ended);
      });
      await noteForgottenGrants(later.core);
      assert.deepEqual(await later.core.ledger.grants.list(), []);
      const ends = (await linked.ledger()).filter(({ kind }) => kind === 'ended');
      assert.deepEqual(
        ends.map((line) => ('grant' in line ? [line.grant.id, line.grant.state, line.grant.endedAt] : [])),
        [[name, 'confirmed', 5]],
      );
      await later.closeStore();
      const ledger = await readFile(join(linked.folder, 'erasures.ledger'), 'utf8');
      assert.ok(!ledger.includes('sealedGrant'));
    } finally {
      await linked.remove();
    }
  });
});
