/**
 * Puts Roster through faults of its machine under load, for `npm run torture`: kills, killed workers, full disks, PostgreSQL
 * that is restarted, paused or cut off, and a soak. After each fault every acknowledged change is there, `roster check` finds
 * nothing, and ledger and database agree. Stops by itself.
 *
 *     npm run torture -- machine-faults                  all of them
 *     npm run torture -- machine-faults soak 600         one of them, with its rounds
 */
import '../support/machine/own-mounts.ts';

import { machineFaults } from '../support/faults/machine-faults.ts';
import { reasonToSkip } from '../support/machine/own-mounts.ts';

/** Of faults without an entry: 20. */
const usual: Readonly<Record<string, number>> = { 'kills-sqlite': 50, 'kills-postgresql': 25, soak: 600 };

const [only, rounds] = process.argv.slice(2);
const names = only === undefined ? Object.keys(machineFaults) : [only];
for (const name of names) {
  const fault = machineFaults[name];
  if (fault === undefined) throw new Error(`the fault is one of ${Object.keys(machineFaults).join(', ')}`);
  if (name.startsWith('full') && reasonToSkip !== false) {
    process.stdout.write(`${name}: left out, because ${reasonToSkip}\n`);
    continue;
  }
  const startedAt = performance.now();
  try {
    const promised = await fault(Number(rounds ?? usual[name] ?? 20));
    process.stdout.write(
      `${name}: kept, ${promised} (${Math.round((performance.now() - startedAt) / 1_000)} s)\n`,
    );
  } catch (error) {
    process.exitCode = 1;
    process.stdout.write(`${name}: BROKEN, ${error instanceof Error ? error.stack : error}\n`);
  }
}
process.exit();
