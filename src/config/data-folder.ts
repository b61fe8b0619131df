/**
 * The folder that holds everything a deployment keeps: made for its owner alone, checked before anything opens a
 * file in it, and home of the secret of a deployment that was not given one. Whatever is wrong with it is a
 * `ConfigError` with one line.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { ConfigError, type Secrets } from './config.ts';
import { settings } from './settings.ts';

const folderName = settings.dataDir.name;
const secretName = settings.secret.name;

/** What the core's box of secrets is made of. */
export interface SealingSecrets {
  readonly secret: string;
  readonly oldSecrets: readonly string[];
}

/** Makes the folder with mode 700 where there is none, and tries that a file can be written in it. */
export function prepareDataFolder(folder: string): void {
  try {
    makeFolder(folder);
    const probe = join(folder, `.probe-${randomBytes(8).toString('hex')}`);
    closeSync(openSync(probe, 'wx', 0o600));
    rmSync(probe);
  } catch (error) {
    throw folderFault(folder, error);
  }
}

/**
 * Makes the folder and the parents it lacks. Node's own way with `recursive` never returns where a file system lets
 * nobody make a folder and says that the path does not exist, as `/proc` does.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process that starts at the same time may have been quicker.
    if (!existsSync(folder)) throw error;
  }
}

/**
 * The secrets to seal with. Without `ROSTER_SECRET` that is the one kept in the folder, which is made at the first
 * start. With it, what was sealed under a kept one still opens, so that a deployment may grow up in its folder.
 */
export function resolveSecrets(folder: string, secrets: Secrets): SealingSecrets {
  const kept = readKeptSecret(folder);
  if (secrets.secret === null) {
    return { secret: kept ?? keepNewSecret(folder), oldSecrets: secrets.oldSecrets };
  }
  return { secret: secrets.secret, oldSecrets: [...secrets.oldSecrets, ...(kept === null ? [] : [kept])] };
}

function secretPath(folder: string): string {
  return join(folder, 'secret');
}

function readKeptSecret(folder: string): string | null {
  const path = secretPath(folder);
  try {
    const secret = settings.secret.parser.parse(readFileSync(path, 'utf8').trim());
    if (typeof secret !== 'string') {
      throw new ConfigError([
        { name: secretName, problem: `cannot be read from ${path}: the file is damaged` },
      ]);
    }
    // A copied or restored folder may have lost the mode.
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    return secret;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error instanceof ConfigError ? error : folderFault(folder, error);
  }
}

/** Makes a secret and keeps it, unless another process was quicker: then the answer is that one's. */
function keepNewSecret(folder: string): string {
  const draft = join(folder, `.secret-${randomBytes(8).toString('hex')}`);
  const secret = randomBytes(32).toString('base64url');
  try {
    const file = openSync(draft, 'wx', 0o600);
    writeSync(file, `${secret}\n`);
    fsyncSync(file);
    closeSync(file);
    // Linking is atomic and refuses where the name is taken, so nobody ever reads half a secret and exactly one
    // of two processes that start at once has its secret kept.
    try {
      linkSync(draft, secretPath(folder));
    } finally {
      rmSync(draft);
    }
    syncFolder(folder);
    return secret;
  } catch (error) {
    const kept = readKeptSecret(folder);
    if (kept !== null) return kept;
    throw folderFault(folder, error);
  }
}

/** Makes the new name durable: a database whose secret was lost in a power cut could not be read. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

function folderFault(folder: string, error: unknown): ConfigError {
  const errno = error instanceof Error && 'errno' in error ? error.errno : undefined;
  const reason = typeof errno === 'number' ? getSystemErrorMessage(errno) : String(error);
  return new ConfigError([{ name: folderName, problem: `cannot be used: ${folder}: ${reason}` }]);
}
