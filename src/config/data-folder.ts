/**
 * The data folder of a deployment. It is created with access for its owner alone, and checked before any file in it is
 * opened. A deployment without `ROSTER_SECRET` has its secret there. Every fault of the folder is a `ConfigError` with
 * one line.
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
import { errorCodeOf } from '../core/error-code.ts';
import { ConfigError, type Secrets } from './config.ts';
import { settings } from './settings.ts';

const folderName = settings.dataDir.name;
const secretName = settings.secret.name;

/** The secrets that the core seals and opens with. */
export interface SealingSecrets {
  readonly secret: string;
  readonly oldSecrets: readonly string[];
}

/** Creates the folder with mode 700 if there is none, and checks that a file can be written in it. */
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
 * Creates the folder and its missing parents. Node's own `recursive` never returns on a file system such as `/proc`, which
 * allows no new folder and reports that the path does not exist.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process that starts at the same time may have created it.
    if (!existsSync(folder)) throw error;
  }
}

/**
 * The secrets to seal with. Without `ROSTER_SECRET` that is the secret in the folder, which the first start creates. With
 * it, the secret in the folder counts as a former one: texts that it sealed still open. `isNew`: the directory has no
 * content yet. Beside another one no secret is created: nothing that the lost one has sealed would open. The caller has
 * looked at the directory before this call: another process may create its content and the secret at the same time.
 */
export function resolveSecrets(
  folder: string,
  secrets: Secrets,
  { isNew }: { readonly isNew: boolean },
): SealingSecrets {
  const stored = readStoredSecret(folder);
  if (secrets.secret === null) {
    if (stored === null && !isNew) throw missingSecret(folder);
    return { secret: stored ?? storeNewSecret(folder), oldSecrets: secrets.oldSecrets };
  }
  return {
    secret: secrets.secret,
    oldSecrets: [...secrets.oldSecrets, ...(stored === null ? [] : [stored])],
  };
}

function missingSecret(folder: string): ConfigError {
  const problem =
    `is not set, and ${secretPath(folder)} is missing: put the secret back that has sealed this directory` +
    ' (docs/connections.md, "A lost secret", says what can be done without it)';
  return new ConfigError([{ name: secretName, problem }]);
}

function secretPath(folder: string): string {
  return join(folder, 'secret');
}

function readStoredSecret(folder: string): string | null {
  const path = secretPath(folder);
  try {
    const secret = settings.secret.parser.parse(readFileSync(path, 'utf8').trim());
    if (typeof secret !== 'string') {
      throw new ConfigError([
        { name: secretName, problem: `cannot be read from ${path}: the file is damaged` },
      ]);
    }
    // A copied or restored file may have lost its mode.
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    return secret;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error instanceof ConfigError ? error : folderFault(folder, error);
  }
}

/** Creates and stores a secret. If another process stores one first, returns that one. */
function storeNewSecret(folder: string): string {
  const draft = join(folder, `.secret-${randomBytes(8).toString('hex')}`);
  const secret = randomBytes(32).toString('base64url');
  try {
    const file = openSync(draft, 'wx', 0o600);
    writeSync(file, `${secret}\n`);
    fsyncSync(file);
    closeSync(file);
    // Linking is atomic and fails if the name is taken. So no process reads half a secret, and exactly one of two
    // processes that start at the same time stores its secret.
    try {
      linkSync(draft, secretPath(folder));
    } finally {
      rmSync(draft);
    }
    syncFolder(folder);
    return secret;
  } catch (error) {
    const stored = readStoredSecret(folder);
    if (stored !== null) return stored;
    throw folderFault(folder, error);
  }
}

/** Forces the new name to the disk: without its secret, a database could not be read after a power cut. */
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
