/** The public keys by which a command verifies receipts and exports: those of a file, or those in the data folder. */
import { readPublicKeys } from '../app/backup.ts';
import { readConfig } from '../config/config.ts';
import { type Jwks, parseJwks } from '../core/erasure/receipt.ts';
import { CommandError, type Invocation } from './command.ts';
import { readTextFile } from './text-file.ts';

/** The keys of `--jwks FILE`; without it those in the data folder. */
export async function readKeys(invocation: Invocation): Promise<Jwks> {
  const path = invocation.find('jwks');
  if (path === undefined) return readPublicKeys(readConfig(invocation.env).config);
  const jwks = parseJwks(await readTextFile(path));
  if (jwks === null) throw new CommandError(`${path} is not a JSON Web Key Set`);
  return jwks;
}
