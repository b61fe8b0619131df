/**
 * A process that does one task on a linked directory and kills itself at a given point. The points are before each
 * transaction and before each call to the provider, which is also after the one before. Where there are fewer points it
 * exits with 0.
 */

import type { Core } from '../../src/core/core.ts';
import { deleteUser } from '../../src/core/directory/user-lifecycle.ts';
import { finishConnection } from '../../src/core/providers/callback.ts';
import { systemClock } from '../../src/core/time.ts';
import type { UnitOfWork } from '../../src/core/unit-of-work.ts';
import { createProviderHttp, type ProviderHttp } from '../../src/gateways/providers/provider-http.ts';
import { createCompleteErasuresJob } from '../../src/jobs/complete-erasures.ts';
import { createRefreshTokensJob } from '../../src/jobs/refresh-tokens.ts';
import { createRevokeGrantsJob } from '../../src/jobs/revoke-grants.ts';
import { createTestJournal, openCore } from '../jobs/deployment.ts';
import { browser } from './begin.ts';
import { type LinkOptions, linkProvider } from './linked-provider.ts';

/** The task of the process; the last argument of its command line, as JSON. */
export interface KilledTask extends Omit<LinkOptions, 'clock' | 'http'> {
  readonly folder: string;
  readonly now: number;
  readonly orgKey: number;
  readonly work: 'come_back' | 'refresh' | 'revoke' | 'erase';
  /** The address of the callback, or the id of the user. */
  readonly subject: string;
  /** The number of the point at which it is killed, from 1. */
  readonly killAt: number;
}

const killedTask: KilledTask = JSON.parse(process.argv[2] ?? '{}');
let points = 0;

function point(): void {
  points += 1;
  if (points === killedTask.killAt) process.kill(process.pid, 'SIGKILL');
}

/** The same unit of work, with a point before each transaction. */
function mortal(work: UnitOfWork): UnitOfWork {
  return {
    read: (orgKey, task) => work.read(orgKey, task),
    readSystem: (reason, task) => work.readSystem(reason, task),
    leavesOut: () => work.leavesOut(),
    change(orgKey, task) {
      point();
      return work.change(orgKey, task);
    },
    changeSystem(reason, task) {
      point();
      return work.changeSystem(reason, task);
    },
  };
}

function mortalHttp(): ProviderHttp {
  const http = createProviderHttp({ isInsecureAllowed: true });
  return {
    ...http,
    fetch(url, init) {
      point();
      return http.fetch(url, init);
    },
  };
}

const clock = { ...systemClock, now: () => killedTask.now };
const opened = await openCore(killedTask.folder, clock);
const providers = linkProvider({ ...killedTask, clock, http: mortalHttp() });
const core: Core = { ...opened.core, work: mortal(opened.core.work), providers };
const journal = createTestJournal();

async function run(job: { run(): Promise<boolean>; finish?(): Promise<void> }): Promise<void> {
  await job.run();
  await job.finish?.();
}

switch (killedTask.work) {
  case 'come_back':
    await finishConnection(core, {
      door: 'connect',
      parameters: new URL(killedTask.subject).searchParams,
      browser,
    });
    break;
  case 'refresh':
    await run(createRefreshTokensJob(core, journal));
    break;
  case 'revoke':
    await run(createRevokeGrantsJob(core, journal));
    break;
  case 'erase': {
    const operator = { kind: 'operator', door: 'test', orgKey: killedTask.orgKey } as const;
    await deleteUser(core, operator, { ref: { id: killedTask.subject } });
    await run(createRevokeGrantsJob(core, journal));
    await run(createCompleteErasuresJob(core, journal));
    break;
  }
}
await opened.closeStore();
