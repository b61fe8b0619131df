/**
 * The first link to the console. A start on a directory without any staff account makes an owner of the first organization, and
 * shows the one-time link: on standard output in development, and in production in a file that only its owner reads.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Core } from '../../core/core.ts';
import { createFirstOwner, linkAddress } from '../../core/staff/manage-staff.ts';
import { door } from '../operator.ts';
import { PrivateFile } from '../transfer/private-file.ts';

/** Where a person finds the link, and how its account is called. */
export type ConsoleLink = { readonly email: string } & (
  | { readonly at: 'output'; readonly link: string }
  | { readonly at: 'file'; readonly path: string }
);

/** Null where the console is off, where there are staff accounts, and where the process has no place for a link. */
export async function showConsoleLink(
  core: Core,
  { hasConsole, isProduction, dataDir }: Config,
): Promise<ConsoleLink | null> {
  if (!hasConsole || (isProduction && !existsSync(dataDir))) return null;
  const made = await createFirstOwner(core, door);
  if (made === null) return null;
  const { email } = made.account;
  const link = linkAddress(core, made.link);
  if (!isProduction) return { email, at: 'output', link };
  const path = join(dataDir, 'console-link');
  const file = await PrivateFile.create(path, { replaces: true });
  await file.write(`${link}\n`);
  await file.keep();
  return { email, at: 'file', path };
}
