/**
 * Scrypt (RFC 7914) as PHC strings, `$scrypt$ln=16,r=8,p=1$salt$hash`, and Firebase's variant of it.
 *
 * Firebase uses the derived key as an AES key and stores, instead of a hash, the project's signer key encrypted with it
 * (AES-256 in counter mode, counter 0). Firebase's exports do not have the parameters of the project, so each hash text
 * has them, in the form that other servers read too:
 * `$fbscrypt$v=1,n=<memory cost>,r=<rounds>,p=1,ss=<salt separator>,sk=<signer key>$<salt>$<hash>`, all base64.
 */
import { createCipheriv, scrypt } from 'node:crypto';
import { bytesOf, type HashReader, isSame, type PooledHash } from './stored-hash.ts';

/** N is `2 ** costLog2`. */
export interface ScryptWork {
  readonly costLog2: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

/** 128 bytes of memory for each unit of N * r. */
const memoryBytesMax = 256 * 1024 * 1024;
/** The bound of N * r * p: some two seconds of work. */
const workMax = 2 ** 22;
/** The product that takes as long as one hash of ours. */
const workInUnit = 2 ** 17;

const base64 = '[A-Za-z0-9+/]';
const phc = new RegExp(
  `^\\$scrypt\\$ln=(\\d{1,2}),r=(\\d{1,2}),p=(\\d{1,2})\\$(${base64}{1,86})={0,2}\\$(${base64}{22,86})={0,2}$`,
);
const firebase = new RegExp(
  `^\\$fbscrypt\\$v=1,n=(\\d{1,2}),r=(\\d{1,2}),p=(\\d{1,2})(?:,ss=(${base64}{0,86}={0,2}))?,sk=(${base64}{22,342}={0,2})` +
    `\\$(${base64}{0,86}={0,2})\\$(${base64}{22,342}={0,2})$`,
);

export const readScrypt: HashReader = (text) => {
  const [, costLog2, blockSize, parallelism, salt, key] = phc.exec(text) ?? [];
  if (salt === undefined || key === undefined) return null;
  const work = workOf(costLog2, blockSize, parallelism);
  return scryptOf({ work, salt: bytesOf(salt), key: bytesOf(key) });
};

export const readFirebaseScrypt: HashReader = (text) => {
  const [, costLog2, rounds, parallelism, separator = '', signerKey, salt, hash] = firebase.exec(text) ?? [];
  if (signerKey === undefined || salt === undefined || hash === undefined) return null;
  const work = workOf(costLog2, rounds, parallelism);
  if (!isBounded(work)) return null;
  const stored = bytesOf(hash);
  const saltBytes = Buffer.concat([bytesOf(salt), bytesOf(separator)]);
  return {
    units: () => unitsOf(work),
    verify: async (password) => {
      const key = await derive(password, saltBytes, 32, work);
      const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
      return isSame(Buffer.concat([cipher.update(bytesOf(signerKey)), cipher.final()]), stored);
    },
  };
};

/** The hash with these parts; null where the cost exceeds the bounds. */
export function scryptOf(parts: {
  readonly work: ScryptWork;
  readonly salt: Buffer;
  readonly key: Buffer;
}): PooledHash | null {
  const { work, salt, key } = parts;
  if (!isBounded(work)) return null;
  return {
    units: () => unitsOf(work),
    verify: async (password) => isSame(await derive(password, salt, key.length, work), key),
  };
}

function workOf(costLog2?: string, blockSize?: string, parallelism?: string): ScryptWork {
  return {
    costLog2: Number(costLog2),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
  };
}

function isBounded({ costLog2, blockSize, parallelism }: ScryptWork): boolean {
  const units = 2 ** costLog2 * blockSize;
  return (
    Number.isInteger(costLog2) &&
    costLog2 >= 1 &&
    blockSize >= 1 &&
    parallelism >= 1 &&
    units * 128 <= memoryBytesMax &&
    units * parallelism <= workMax
  );
}

function unitsOf({ costLog2, blockSize, parallelism }: ScryptWork): number {
  return (2 ** costLog2 * blockSize * parallelism) / workInUnit;
}

function derive(
  password: string,
  salt: Buffer,
  length: number,
  { costLog2, blockSize, parallelism }: ScryptWork,
): Promise<Buffer> {
  const options = {
    N: 2 ** costLog2,
    r: blockSize,
    p: parallelism,
    // OpenSSL counts more than the table itself, but far less than twice its size.
    maxmem: memoryBytesMax * 2,
  };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
