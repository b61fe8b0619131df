/** The short forms of the faults of a machine; `npm run torture -- machine-faults` has the long ones. */
import '../support/machine/own-mounts.ts';

import { after, describe } from 'node:test';
import { endStarted } from '../cli/program.ts';
import { slowTest as test } from '../support/effort.ts';
import { machineFaults } from '../support/faults/machine-faults.ts';
import { reasonToSkip } from '../support/machine/own-mounts.ts';

describe('every acknowledged change is kept, and the ledger agrees with the database, after', () => {
  after(endStarted);
  for (const [name, fault] of Object.entries(machineFaults)) {
    // Load without a fault is a part of each of them.
    if (name === 'soak') continue;
    const skip = name.startsWith('full') ? reasonToSkip : false;
    test(name, { skip }, async () => {
      await fault(1);
    });
  }
});
