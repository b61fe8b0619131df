/**
 * Builds the providers of a deployment from its settings and its provider file, and the two parts that depend on the
 * address of the server: the callback URL and the demo provider.
 */

import type { Config, Secrets } from '../config/config.ts';
import { readProviderFile } from '../config/provider-file.ts';
import type { ProviderDirectory } from '../core/providers/provider.ts';
import type { OwnProvider } from '../core/providers/provider-description.ts';
import type { Clock } from '../core/time.ts';
import { createDemoClient, describeDemo } from '../demo/demo-description.ts';
import { createProviderDirectory } from '../gateways/provider-directory.ts';
import type { Mount } from '../http/mount.ts';
import type { AppAddress } from './address.ts';

export interface AppProviders {
  readonly directory: ProviderDirectory;
  /** The request handlers of providers inside this process. */
  mounts(): Promise<readonly Mount[]>;
}

/**
 * Builds the providers.
 *
 * @throws {ConfigError} if the provider file has a fault.
 */
export function createAppProviders(
  { providers, isProduction }: Config,
  { providerSecrets }: Secrets,
  address: AppAddress,
  clock: Clock,
): AppProviders {
  const presets = providers.presets.map(({ name, clientId }) => ({
    name,
    credentials: { clientId, clientSecret: providerSecrets[name] ?? '' },
  }));
  const taken = presets.map(({ name }) => name);
  const file =
    providers.file === null ? null : readProviderFile({ path: providers.file, isProduction, taken });
  const redirectUri = (): string => `${address.publicUrl}/connect/callback`;
  // A call may begin before the address is known. The client stays the same when the address changes.
  const demoClient = createDemoClient();
  let demo: { readonly at: string; readonly provider: OwnProvider } | undefined;
  const describe = (): OwnProvider => {
    const at = address.localUrl;
    if (demo?.at !== at) demo = { at, provider: describeDemo(address, demoClient) };
    return demo.provider;
  };
  return {
    directory: createProviderDirectory({
      ...{ presets, redirectUri, isProduction, clock },
      own: file?.providers ?? [],
      marks: file?.marks ?? new Map(),
      demo: providers.hasDemo ? describe : null,
    }),
    async mounts() {
      if (!providers.hasDemo) return [];
      const { createDemoProvider } = await import('../demo/demo-provider.ts');
      return [createDemoProvider({ describe, redirectUri })];
    },
  };
}
