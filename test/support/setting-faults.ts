/** The faults of settings, for the tests of the configuration. */
import { ConfigError, readConfig } from '../../src/config/config.ts';
import type { Environment, SettingFault } from '../../src/config/environment.ts';

export function faultsOf(env: Environment): readonly SettingFault[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

export function faultyNames(env: Environment): string[] {
  return faultsOf(env).map(({ name }) => name);
}
