/** The providers that a deployment has switched on: those that Roster knows, its own, and the demo's. */
import type { Provider, ProviderDirectory } from '../core/providers/provider.ts';
import type { ClientCredentials, OwnProvider, PresetName } from '../core/providers/provider-description.ts';
import type { Clock } from '../core/time.ts';
import { createOAuthProvider } from './providers/oauth-provider.ts';
import { presets } from './providers/presets.ts';
import { createProviderHttp, type ProviderHttp } from './providers/provider-http.ts';

export interface ProviderDirectoryParts {
  readonly presets: readonly { readonly name: PresetName; readonly credentials: ClientCredentials }[];
  readonly own: readonly OwnProvider[];
  /** Made when it is first asked for, when it is known where this server answers; null where it is off. */
  readonly demo: (() => OwnProvider) | null;
  /** Where providers send people back to, as registered with each. */
  redirectUri(): string;
  /** Nothing is spoken over plain HTTP. */
  readonly isProduction: boolean;
  readonly clock: Clock;
  /** The real network unless given. */
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
    // Jobs ask before the server listens, and only then the demo's address is certain.
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
  };
}
