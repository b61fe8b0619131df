/**
 * Runs the long forms of attacks one after the other, or one of them. Each runs on loopback and stops by itself; the run fails
 * if one of them does.
 *
 *     npm run torture                             all of them, with their own sizes
 *     npm run torture -- account-times 1000       one, with its size
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const programs = [
  'account-times',
  'broken-folders',
  'clock',
  'destinations',
  'fair-shares',
  'lanes',
  'machine-faults',
  'password-flood',
  'pumping',
  'sockets',
  'stops',
  'streams',
];

const [name, ...words] = process.argv.slice(2);
if (name !== undefined && !programs.includes(name))
  throw new Error(`the name is one of ${programs.join(', ')}`);
for (const program of name === undefined ? programs : [name]) {
  const path = join(import.meta.dirname, `${program}.ts`);
  const { status } = spawnSync(process.execPath, [path, ...words], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
