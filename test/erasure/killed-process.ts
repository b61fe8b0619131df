/**
 * A process that deletes a user, if it still exists, leads the erasure to its receipt, and kills itself at a given
 * point. Points are before and after each transaction, each line of the ledger, each file beside it and each scan
 * of the database's files, before each call to the provider, and in the middle of a line. It ends by itself, with
 * 0, if there are fewer points.
 */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Core } from '../../src/core/core.ts';
import { deleteUser } from '../../src/core/directory/user-lifecycle.ts';
import { systemClock } from '../../src/core/time.ts';
import { createProviderHttp } from '../../src/gateways/providers/provider-http.ts';
import { createCompleteErasuresJob } from '../../src/jobs/complete-erasures.ts';
import { createRevokeGrantsJob } from '../../src/jobs/revoke-grants.ts';
import { ledgerFile } from '../../src/store/folder/ledger-file.ts';
import { createTestJournal } from '../jobs/deployment.ts';
import { linkProvider } from '../providers/linked-provider.ts';
import { openFolder, runOnce } from './linked-folder.ts';

/** The task of the process; the last argument of its command line, as JSON. */
export interface KilledTask {
  readonly folder: string;
  readonly databaseUrl?: string | undefined;
  readonly now: number;
  readonly orgKey: number;
  readonly userId: string;
  readonly serverUrl: string;
  /** The URL of the provider for Roster; the server itself unless given. */
  readonly proxyUrl?: string;
  /** How long Roster waits for an answer of the provider, in milliseconds. */
  readonly patienceMs?: number;
  /** The number of the point at which it kills itself, from 1. */
  readonly killAt: number;
}

const killedTask: KilledTask = JSON.parse(process.argv[2] ?? '{}');
let points = 0;

function point(beforeDeath: () => void = () => {}): void {
  points += 1;
  if (points !== killedTask.killAt) return;
  beforeDeath();
  process.kill(process.pid, 'SIGKILL');
}

async function around<T>(work: () => Promise<T>): Promise<T> {
  point();
  const result = await work();
  point();
  return result;
}

function mortal(core: Core): Core {
  const { work, ledger, remains, publicKeys } = core;
  const { grants } = ledger;
  return {
    ...core,
    work: {
      read: (orgKey, task) => work.read(orgKey, task),
      readSystem: (reason, task) => work.readSystem(reason, task),
      leavesOut: () => work.leavesOut(),
      change: (orgKey, task) => around(() => work.change(orgKey, task)),
      changeSystem: (reason, task) => around(() => work.changeSystem(reason, task)),
    },
    ledger: {
      id: ledger.id,
      async append(lines) {
        const [line] = lines;
        if (line === undefined) return;
        // The disk has written a part of the line.
        const torn = JSON.stringify(line).slice(0, 90);
        point(() => appendFileSync(join(killedTask.folder, ledgerFile), torn));
        await around(() => ledger.append(lines));
      },
      hasAccepted: (id) => ledger.hasAccepted(id),
      hasCompleted: (id) => ledger.hasCompleted(id),
      read: (known) => ledger.read(known),
      verify: () => ledger.verify(),
      room: () => ledger.room(),
      makeRoom: (bytes) => ledger.makeRoom(bytes),
      checkpoint: () => ledger.checkpoint(),
      unknownHead: () => ledger.unknownHead(),
      noteKnown: (known) => ledger.noteKnown(known),
      grants: {
        keep: (kept) => (kept.length === 0 ? Promise.resolve() : around(() => grants.keep(kept))),
        find: (id) => grants.find(id),
        list: () => grants.list(),
        replace: (grant) => grants.replace(grant),
        drop: (ids) => around(() => grants.drop(ids)),
        sweep: () => grants.sweep(),
      },
    },
    remains: {
      flush: () => around(() => remains.flush()),
      clear: (traces) => around(() => remains.clear(traces)),
    },
    publicKeys: {
      read: () => publicKeys.read(),
      add: (keys) => around(() => publicKeys.add(keys)),
    },
  };
}

const clock = { ...systemClock, now: () => killedTask.now };
const directory = await openFolder({ ...killedTask, clock });
const { patienceMs } = killedTask;
const http = createProviderHttp({ isInsecureAllowed: true });
const providers = linkProvider({
  serverUrl: killedTask.serverUrl,
  proxyUrl: killedTask.proxyUrl ?? killedTask.serverUrl,
  clock,
  http: {
    ...http,
    ...(patienceMs !== undefined && { deadline: () => AbortSignal.timeout(patienceMs) }),
    fetch(url, init) {
      point();
      return http.fetch(url, init);
    },
  },
});
const core = mortal({ ...directory.core, providers });
const journal = createTestJournal();
const operator = { kind: 'operator', door: 'test', orgKey: killedTask.orgKey } as const;
const isThere = await core.work.read(killedTask.orgKey, (tx) => tx.users.find({ id: killedTask.userId }));
if (isThere !== null) await deleteUser(core, operator, { ref: { id: killedTask.userId } });
await runOnce(createRevokeGrantsJob(core, journal));
await runOnce(createCompleteErasuresJob(core, journal));
await directory.close();
