/** The lists of passwords that a deployment refuses: our own, and the file of breached ones that the settings name. */
import { type Config, ConfigError } from '../config/config.ts';
import { settings } from '../config/settings.ts';
import type { CommonPasswordCheck } from '../core/access/password.ts';
import { refuse } from '../core/errors.ts';
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
 * Opens the lists. While the file cannot be read, a check refuses with `unavailable`, and `onOutage` gets the cause: a
 * password that was not compared with the list is not accepted.
 *
 * @throws {ConfigError} if the file of breached passwords cannot be used.
 */
export async function openPasswordLists(
  config: Config,
  onOutage: (error: unknown) => void = () => {},
): Promise<PasswordLists> {
  const breached = await openBreached(config.breachedPasswords);
  const isBreached = async (password: string): Promise<boolean> => {
    try {
      return (await breached?.has(password)) ?? false;
    } catch (error) {
      onOutage(error);
      throw refuse('unavailable', { retryAfterSeconds });
    }
  };
  return {
    isCommon: async (password) => isCommonPassword(password) || isBreached(password),
    close: async () => breached?.close(),
  };
}

/** A file that is being replaced, or a disk that is away, may be back by then. */
const retryAfterSeconds = 30;

async function openBreached(path: string | null): Promise<BreachedPasswords | null> {
  if (path === null) return null;
  try {
    return await openBreachedPasswords(path);
  } catch (error) {
    if (!(error instanceof BreachedFileError)) throw error;
    throw new ConfigError([{ name: settings.breachedPasswords.name, problem: `${path} ${error.message}` }]);
  }
}
