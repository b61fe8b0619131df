/**
 * The reference for sign-ins: how many argon2id hashes this machine computes in a second with Roster's parameters, with
 * one hash on each core and no other work. Prints the number.
 */
import { argon2, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const derive = promisify(argon2);
const work = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
const message = Buffer.from('correct horse battery');
const endsAt = performance.now() + Number(process.argv[2]) * 1_000;
const beganAt = performance.now();
let made = 0;
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (; performance.now() < endsAt; made++) {
      await derive('argon2id', { ...work, message, nonce: randomBytes(16) });
    }
  }),
);
process.stdout.write(String((made * 1_000) / (performance.now() - beganAt)));
