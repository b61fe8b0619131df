/** The sources on the Connect page: each provider once, with the person's most important connection to it. */
import type { ConnectPagePrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import type { Connection, ConnectionState } from '../providers/connection.ts';
import { demoName } from '../providers/provider-description.ts';
import type { ProviderMark } from '../providers/provider-mark.ts';
import { listConnections, listProviders } from '../providers/user-connections.ts';

/** A provider, as the Connect page shows it. */
export interface Source {
  readonly provider: string;
  readonly title: string;
  /** Null for none. */
  readonly mark: ProviderMark | null;
  /** Whether it is the demo provider. */
  readonly isDemo: boolean;
  /** Whether it can be connected now. */
  readonly isOffered: boolean;
  /** Null where there is none, or only ended ones. */
  readonly connection: Connection | null;
}

export interface Sources {
  /** The name of the app that opened the page. */
  readonly appName: string;
  /** By title. */
  readonly sources: readonly Source[];
}

/** The sources of the person on the page. Refuses with `unauthorized` where their app is gone. */
export async function listSources(core: Core, principal: ConnectPagePrincipal): Promise<Sources> {
  const user = { id: principal.userId };
  const connections = await listConnections(core, principal, { user });
  const app = await core.work.read(principal.orgKey, (tx) => tx.apps.find(principal.appId));
  if (app === null) throw refuse('unauthorized', {});
  const offered = listProviders(core).map(({ name, title }) => ({ provider: name, title, isOffered: true }));
  const known = new Set(offered.map(({ provider }) => provider));
  // Connections to a provider that is switched off can still be disconnected.
  const former = [...new Set(connections.map(({ provider }) => provider))]
    .filter((name) => !known.has(name))
    .map((name) => ({ provider: name, title: name, isOffered: false }));
  const sources = [...offered, ...former].map((each) => ({
    ...each,
    mark: core.providers.findMark(each.provider),
    isDemo: each.provider === demoName,
    connection: mainConnection(connections, each.provider),
  }));
  return {
    appName: app.name,
    sources: sources
      .filter(({ isOffered, connection }) => isOffered || connection !== null)
      .sort((left, right) => left.title.localeCompare(right.title)),
  };
}

/** Of several connections to one provider, the one with the first of these states is shown; ended ones are not. */
const shown: readonly ConnectionState[] = ['active', 'needs_user', 'pending', 'overdue', 'revoking'];

function mainConnection(connections: readonly Connection[], provider: string): Connection | null {
  const own = connections.filter((connection) => connection.provider === provider);
  for (const state of shown) {
    const found = own.find(({ status }) => status === state);
    if (found !== undefined) return found;
  }
  return null;
}
