/**
 * The yardstick of sign-ins: how many argon2id hashes with the parameters of Roster's own this machine makes in a
 * second, with a hash on each of its cores and nothing else to do. Prints the number.
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
