/** The providers that are switched on: presets, providers from the deployment's file, and the demo provider. */
import type { Provider, ProviderDirectory } from '../core/providers/provider.ts';
import type { ClientCredentials, OwnProvider, PresetName } from '../core/providers/provider-description.ts';
import type { ProviderMark } from '../core/providers/provider-mark.ts';
import type { Clock } from '../core/time.ts';
import { createOAuthProvider } from './providers/oauth-provider.ts';
import { presets } from './providers/presets.ts';
import { createProviderHttp, type ProviderHttp } from './providers/provider-http.ts';

export interface ProviderDirectoryParts {
  readonly presets: readonly { readonly name: PresetName; readonly credentials: ClientCredentials }[];
  readonly own: readonly OwnProvider[];
  /** By the name of the provider. Default: none. */
  readonly marks?: ReadonlyMap<string, ProviderMark>;
  /** Called when the providers are first needed, because the server's address is known late; null without a demo. */
  readonly demo: (() => OwnProvider) | null;
  /** The address of the callback, as it is registered at each provider. */
  redirectUri(): string;
  /** In production plain HTTP is refused. */
  readonly isProduction: boolean;
  readonly clock: Clock;
  /** Default: the network. */
  readonly http?: ProviderHttp;
}

export function createProviderDirectory(parts: ProviderDirectoryParts): ProviderDirectory {
  const {
    clock,
    isProduction,
    demo,
    http = createProviderHttp({ isInsecureAllowed: !isProduction }),
  } = parts;
  const make = (own: OwnProvider): Provider => createOAuthProvider({ ...own, http, clock });
  const fixed = [
    ...parts.presets.map(({ name, credentials }) => presets[name]({ credentials, http, clock })),
    ...parts.own.map(make),
  ];
  let known: {
    readonly demo: OwnProvider | null;
    readonly list: readonly Provider[];
    readonly byName: ReadonlyMap<string, Provider>;
  } | null = null;

  function open(): NonNullable<typeof known> {
    // Jobs may call this before the server listens; the demo's address can change until then.
    const described = demo === null ? null : demo();
    if (known?.demo === described) return known;
    const list = [...fixed, ...(described === null ? [] : [make(described)])].sort((left, right) =>
      left.title.localeCompare(right.title, 'en'),
    );
    known = { demo: described, list, byName: new Map(list.map((provider) => [provider.name, provider])) };
    return known;
  }

  return {
    get redirectUri() {
      return parts.redirectUri();
    },
    list: () => open().list,
    find: (name) => open().byName.get(name) ?? null,
    findMark: (name) => parts.marks?.get(name) ?? null,
  };
}
