/**
 * The providers of a deployment, put together from its settings and its file, and what depends on where the server is
 * reached: the address of the callback, and the demo provider.
 */
import type { Config, Secrets } from './config.ts';
import type { ProviderDirectory } from './core/connections/provider.ts';
import type { OwnProvider } from './core/connections/provider-description.ts';
import type { Clock } from './core/time.ts';
import { describeDemo, makeDemoClient } from './demo/demo-description.ts';
import { createProviderDirectory } from './gateways/provider-directory.ts';
import type { Mount } from './http/mount.ts';
import { readProviderFile } from './provider-file.ts';

export interface AppProviders {
  readonly directory: ProviderDirectory;
  /** What answers for providers that are inside the process. */
  mounts(): Promise<readonly Mount[]>;
  /** Told the address that the server listens at, such as `http://127.0.0.1:8080`. */
  listensAt(address: string): void;
}

/**
 * Puts the providers together.
 *
 * @throws {ConfigError} where the file has a fault.
 */
export function createAppProviders(
  { providers, isProduction, publicUrl, port }: Config,
  { providerSecrets }: Secrets,
  clock: Clock,
): AppProviders {
  const presets = providers.presets.map(({ name, clientId }) => ({
    name,
    credentials: { clientId, clientSecret: providerSecrets[name] ?? '' },
  }));
  const taken = presets.map(({ name }) => name);
  const own = providers.file === null ? [] : readProviderFile({ path: providers.file, isProduction, taken });
  const where = { publicUrl, localUrl: `http://127.0.0.1:${port}` };
  const redirectUri = (): string => `${where.publicUrl}/connect/callback`;
  // Jobs may have begun a call before the server listens: who they are stays, whatever the address turns out to be.
  const demoClient = makeDemoClient();
  let demo: OwnProvider | undefined;
  const describe = (): OwnProvider => {
    demo ??= describeDemo(where, demoClient);
    return demo;
  };
  return {
    directory: createProviderDirectory({
      ...{ presets, own, redirectUri, isProduction, clock },
      demo: providers.hasDemo ? describe : null,
    }),
    async mounts() {
      if (!providers.hasDemo) return [];
      const { createDemoProvider } = await import('./demo/demo-provider.ts');
      return [createDemoProvider({ describe, redirectUri })];
    },
    listensAt(address) {
      const url = new URL(address);
      // A free port was asked for, so nobody could know it before.
      if (port === 0 && where.publicUrl === 'http://localhost:0')
        where.publicUrl = `http://localhost:${url.port}`;
      where.localUrl = `http://${reachable(url.hostname)}:${url.port}`;
      demo = undefined;
    },
  };
}

/** Where a socket that listens everywhere is reached on this machine. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '[::]' ? '[::1]' : host;
}
