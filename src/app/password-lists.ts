/** The lists of passwords that a deployment refuses: our own, and the file of breached ones that the settings name. */
import { type Config, ConfigError } from '../config/config.ts';
import { settings } from '../config/settings.ts';
import type { CommonPasswordCheck } from '../core/access/password.ts';
import { BreachedFileError } from '../gateways/passwords/breached-file.ts';
import { type BreachedPasswords, openBreachedPasswords } from '../gateways/passwords/breached-passwords.ts';
import { isCommonPassword } from '../gateways/passwords/common-passwords.ts';

export { buildBreachedFile } from '../gateways/passwords/build-breached-file.ts';
export { HashLineError } from '../gateways/passwords/hash-lines.ts';

export interface PasswordLists {
  readonly isCommon: CommonPasswordCheck;
  close(): Promise<void>;
}

/**
 * Opens the lists.
 *
 * @throws {ConfigError} if the file of breached passwords cannot be used.
 */
export async function openPasswordLists(config: Config): Promise<PasswordLists> {
  const breached = await openBreached(config.breachedPasswords);
  return {
    isCommon: async (password) => isCommonPassword(password) || ((await breached?.has(password)) ?? false),
    close: async () => breached?.close(),
  };
}

async function openBreached(path: string | null): Promise<BreachedPasswords | null> {
  if (path === null) return null;
  try {
    return await openBreachedPasswords(path);
  } catch (error) {
    if (!(error instanceof BreachedFileError)) throw error;
    throw new ConfigError([{ name: settings.breachedPasswords.name, problem: `${path} ${error.message}` }]);
  }
}
