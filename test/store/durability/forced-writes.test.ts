/**
 * What a power cut cannot undo. A test cannot cut the power, so it watches what the process asks of the file system, and in
 * which order. What SQLite forces to disk is in `test/store/sqlite/pragmas.test.ts`.
 */
import assert from 'node:assert/strict';
import { constants, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Secrets } from '../../../src/config/config.ts';
import { resolveSecrets } from '../../../src/config/data-folder.ts';
import { createSecretBox } from '../../../src/core/secret.ts';
import { backUp, prepareRestore } from '../../../src/store/copies/backup.ts';
import { ledgerFile } from '../../../src/store/folder/ledger-file.ts';
import { openGrantsFolder, openGrantsIn } from '../../../src/store/folder/open-grants.ts';
import { openPublicKeys, publicKeyFile } from '../../../src/store/folder/public-key-file.ts';
import { type LinkedFolder, makeLinkedFolder } from '../../erasure/linked-folder.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../../providers/authorization-server.ts';
import { type DiskStep, type DiskSteps, notForced, watchDisk } from '../../support/machine/disk-steps.ts';

let server: AuthorizationServer;
let disk: DiskSteps;
let folder: string;
before(async () => {
  server = await startAuthorizationServer();
});
after(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roster-forced-'));
  disk = await watchDisk();
});
afterEach(async () => {
  disk.end();
  await rm(folder, { recursive: true });
});

/** Of a deployment without any in its settings. */
const noSecrets: Secrets = {
  ...{
    secret: null,
    oldSecrets: [],
    databaseUrl: null,
    databaseReadUrl: null,
    twilioAuthToken: null,
    smtpUrl: null,
  },
  providerSecrets: {},
};
const publicKey = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: 'k', x: 'x' } as const;

const namedIn = (place: string): string[] =>
  disk.steps
    .filter(({ kind, path }) => kind === 'name' && path.startsWith(place + sep))
    .map(({ path }) => path);
const within = (place: string) => (path: string) => path.startsWith(place + sep);

describe('a file that must last is on disk before it has its name, and its name before the work goes on:', () => {
  test('the secret', () => {
    resolveSecrets(folder, noSecrets, { isNew: true });
    assert.deepEqual(namedIn(folder), [join(folder, 'secret')]);
    assert.deepEqual(notForced(disk.steps, within(folder)), []);
  });

  test('the public keys of receipts', async () => {
    await openPublicKeys(folder).add([publicKey]);
    assert.deepEqual(namedIn(folder), [join(folder, publicKeyFile)]);
    assert.deepEqual(notForced(disk.steps, within(folder)), []);
  });

  test('an open grant, when it is kept and when it is replaced', async () => {
    const grants = openGrantsIn(folder, assert.ifError);
    const ids = { orgKey: 1, id: `rev_${'0'.repeat(32)}`, erasureId: 'era_1', connectionId: 'dev_1' };
    const grant = { ...ids, provider: 'acme', sealedGrant: 'sealed', unanswered: 0 };
    await grants.keep([grant]);
    // The folder of the grants is new too.
    assert.ok(disk.steps.some(({ kind, path }) => kind === 'force' && path === folder));
    await grants.replace({ ...grant, sealedGrant: 'again' });
    assert.equal(namedIn(folder).length, 2);
    assert.deepEqual(notForced(disk.steps, within(folder)), []);
  });

  test('the ledger, a backup, and a database that a restore puts in place', async () => {
    const linked = await makeLinkedFolder({ server });
    try {
      assert.ok(namedIn(linked.folder).includes(join(linked.folder, ledgerFile)));
      const copy = join(folder, 'copy.db');
      backUp(linked.folder, copy);
      const restoration = prepareRestore(linked.folder, copy);
      restoration.commit();
      restoration.end();
      assert.ok(namedIn(folder).includes(copy));
      assert.ok(namedIn(linked.folder).includes(join(linked.folder, 'roster.db')));
      assert.deepEqual(
        notForced(disk.steps, (path) => within(folder)(path) || within(linked.folder)(path)),
        [],
      );
    } finally {
      await linked.remove();
    }
  });
});

describe('an accepted deletion', () => {
  let linked: LinkedFolder;
  beforeEach(async () => {
    linked = await makeLinkedFolder({ server });
  });
  afterEach(() => linked.remove());

  test('has its grants on disk before the line of the ledger that names them', async () => {
    const running = await linked.start();
    const user = await running.connectUser();
    disk.clear();
    await running.erase(user);
    const ledger = join(linked.folder, ledgerFile);
    const line = disk.steps.findIndex(({ kind, path }) => kind === 'write' && path === ledger);
    assert.ok(line !== -1, 'no line was written');
    const text = disk.steps[line]?.text ?? '';
    const [, id] = /"grants":\[\{"id":"(rev_[0-9a-f]{32})"/.exec(text) ?? [];
    assert.ok(id !== undefined, text);
    const before = disk.steps.slice(0, line);
    const grants = join(linked.folder, openGrantsFolder);
    const named = before.findIndex(
      ({ kind, path }) => kind === 'name' && path === join(grants, `${id}.json`),
    );
    assert.ok(named !== -1, 'the grant had no file when the line was written');
    assert.deepEqual(notForced(before, within(grants)), []);
    await running.close();
  });

  test('has the end of a grant in the ledger before the file of the grant is removed', async () => {
    const running = await linked.start();
    const id = await running.erase(await running.connectUser());
    const [grant = ''] = await running.core.ledger.grants.list();
    const file = join(linked.folder, openGrantsFolder, `${grant}.json`);
    disk.clear();
    let wasThere: boolean | null = null;
    const { ledger } = running.core;
    const append = ledger.append.bind(ledger);
    ledger.append = async (lines) => {
      await append(lines);
      if (lines.some(({ kind }) => kind === 'ended')) wasThere = existsSync(file);
    };
    await running.workOff(id);
    assert.equal(wasThere, true);
    assert.equal(existsSync(file), false);
    await running.close();
  });

  test('is in a ledger of which each write is forced to disk before it is answered', async () => {
    const running = await linked.start();
    const user = await running.addUser();
    const ledger = join(linked.folder, ledgerFile);
    const ofLedger = (kind: DiskStep['kind']): DiskStep[] =>
      disk.steps.filter((step) => step.kind === kind && step.path === ledger);
    const written = ofLedger('write').length;
    await running.erase(user);
    const [opened] = ofLedger('open').filter(({ flags = 0 }) => (flags & constants.O_APPEND) !== 0);
    assert.ok(opened?.flags !== undefined, 'the ledger was opened before, or by another way');
    assert.equal(ofLedger('write').length, written + 1);
    // On Linux the flag forces each write; elsewhere a call does.
    const isForced =
      process.platform === 'linux'
        ? (opened.flags & constants.O_DSYNC) === constants.O_DSYNC
        : disk.steps.at(-1)?.kind === 'force';
    assert.ok(isForced, `flags ${opened.flags.toString(8)}`);
    await running.close();
  });
});

test('a secret of the folder opens what it sealed, so that the tests above watch a real one', () => {
  const made = resolveSecrets(folder, noSecrets, { isNew: true });
  const again = resolveSecrets(folder, noSecrets, { isNew: true });
  assert.equal(createSecretBox(again.secret).open(createSecretBox(made.secret).seal('x', 'c'), 'c'), 'x');
});
