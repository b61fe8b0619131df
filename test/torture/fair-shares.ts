/**
 * Measures, for `npm run torture`, how much the flood of one caller slows another tenant: the median of the other tenant's
 * requests with the flood, against the median without it, in turns. The flood and the requests come from separate
 * processes on loopback. Stops by itself.
 *
 *     node test/torture/fair-shares.ts 5     five turns of two seconds each
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../bench/figures.ts';
import type { LoadJob } from '../../bench/load.ts';
import { load, startRoster } from '../../bench/processes.ts';
import { openDirectory } from '../../src/app/open-directory.ts';
import { readConfig } from '../../src/config/config.ts';
import { createAdmin, createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { createApiKey } from '../../src/core/keys/api-key-lifecycle.ts';

const turns = Number(process.argv[2] ?? 5);
const seconds = 2;
const floodConnections = 200;
const floodAheadMs = 500;
/** A flood moves a median by at most a fifth. */
const shareMax = 1.2;

const folder = await mkdtemp(join(tmpdir(), 'roster-torture-'));
const env = { ROSTER_DATA_DIR: folder, ROSTER_LOG_LEVEL: 'error' };

/** Two tenants: an account that floods, and the key of the other one. */
async function prepare() {
  const { core, close } = await openDirectory(readConfig(env));
  const make = async (name: string) => {
    const made = await createOrganization(core, 'torture', name);
    const admin = await createAdmin(core, 'torture', {
      organization: made.organization,
      email: `${name}@example.com`,
      password: 'a-quiet-harbour-41',
    });
    const key = await createApiKey(core, 'torture', {
      organization: made.organization,
      role: 'admin',
      expiresAt: null,
    });
    return { admin, key };
  };
  const made = { flooder: await make('flooder'), other: await make('other') };
  await close();
  return made;
}

const { flooder, other } = await prepare();
const server = await startRoster({ env, apiKey: flooder.key.apiKey });
const put = ({ admin }: typeof other, connections: number): LoadJob => ({
  url: server.url,
  method: 'PUT',
  targets: { paths: [`/general/v1/users/${admin.user.number}`] },
  headers: { 'x-user-token': admin.token, 'content-type': 'application/json' },
  body: '{"user":{"first_name":"Name #"}}',
  connections,
  seconds,
});
const kinds: Record<string, LoadJob> = {
  'PUT, one at a time': put(other, 1),
  'PUT, 8 at a time': put(other, 8),
  'PUT, 50 a second': { ...put(other, 4), perSecond: 50 },
  'GET, 50 a second': { ...put(other, 4), method: 'GET', perSecond: 50 },
};
let failures = 0;
try {
  for (const [name, job] of Object.entries(kinds)) {
    const alone: number[] = [];
    const flooded: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      alone.push((await load(job)).p50Ms);
      const flood = load({ ...put(flooder, floodConnections), seconds: seconds + 1 });
      await sleep(floodAheadMs);
      flooded.push((await load(job)).p50Ms);
      await flood;
    }
    const share = median(flooded) / median(alone);
    if (share > shareMax) failures += 1;
    const verdict = share > shareMax ? 'SLOWED' : 'fair  ';
    const medians = `${median(alone).toFixed(2)} ms alone, ${median(flooded).toFixed(2)} ms beside the flood`;
    process.stdout.write(`${verdict} ${share.toFixed(2)}  ${name}: ${medians}\n`);
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true });
}
process.exitCode = failures === 0 ? 0 : 1;
