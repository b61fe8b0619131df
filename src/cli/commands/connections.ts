/** Connections and providers, as the operator sees them. Never shows a token. */

import { isRefusal } from '../../core/errors.ts';
import { toUserIdText } from '../../core/ids.ts';
import { abandonConnection, getAnyConnection } from '../../core/providers/abandon-connection.ts';
import { connectionStates } from '../../core/providers/connection.ts';
import {
  listAllConnections,
  listProviderHealth,
  type ProviderHealth,
} from '../../core/providers/overview.ts';
import { toMillisecondText } from '../../core/time.ts';
import { CommandError } from '../command.ts';
import { confirm } from '../confirm.ts';
import { counted, table, timeOrNull } from '../layout.ts';
import { choiceOf, door, onOrganizations } from '../operator.ts';

/** More than a person reads, and few enough to hold in memory. */
const connectionsMax = 10_000;

export const list = onOrganizations(async ({ core, recordIn }, invocation) => {
  const status = choiceOf(invocation, 'status', connectionStates);
  const connections = await listAllConnections(core, {
    user: invocation.find('user'),
    filter: status === undefined ? {} : { status },
    limit: connectionsMax,
  });
  await recordIn(connections.map(({ orgKey }) => orgKey));
  const shown = connections.map((connection) => ({
    id: connection.id,
    userId: toUserIdText(connection.userId),
    provider: connection.provider,
    status: connection.status,
    connectedAt: timeOrNull(connection.connectedAt),
    lastSyncAt: timeOrNull(connection.lastSyncAt),
    refreshAt: timeOrNull(connection.refreshAt),
    refreshFailures: connection.refreshFailures,
    refreshOutcome: connection.refreshOutcome,
    createdAt: toMillisecondText(connection.createdAt),
  }));
  return {
    json: shown,
    text: table(
      ['id', 'user', 'provider', 'status', 'connected', 'last sync', 'refresh'],
      shown.map((each) => [
        each.id,
        each.userId,
        each.provider,
        each.status,
        each.connectedAt ?? '-',
        each.lastSyncAt ?? '-',
        each.refreshFailures === 0 ? (each.refreshAt ?? '-') : `failing: ${each.refreshOutcome ?? '-'}`,
      ]),
      'There are no connections.',
    ),
    notes: connections.length === connectionsMax ? [`only the newest ${connectionsMax} are shown`] : [],
  };
});

export const abandon = onOrganizations(async ({ core, recordIn }, invocation) => {
  const { id, provider, orgKey } = await getAnyConnection(core, invocation.argument);
  await recordIn([orgKey]);
  const question = `The grants of ${id} will be deleted. After that, the access at ${provider} cannot be revoked from here.`;
  if (!(await confirm(invocation, question))) throw new CommandError('cancelled: nothing was changed');
  try {
    const grants = await abandonConnection(core, door, id);
    return {
      json: { id, provider, grants },
      text: `${id} no longer waits for ${provider}: ${counted(grants, 'grant')} deleted, unconfirmed. It stays overdue.`,
    };
  } catch (error) {
    if (!isRefusal(error, 'wrong_state')) throw error;
    throw new CommandError('the connection is not overdue, or waits for no provider');
  }
});

export const providers = onOrganizations(async ({ core }) => {
  const health = await listProviderHealth(core);
  return {
    json: health.map(({ name, title, isOn, connections, failingRefreshes, revocations }) => ({
      name,
      title,
      on: isOn,
      connections: Object.fromEntries(connectionStates.map((state) => [state, connections[state] ?? 0])),
      failingRefreshes,
      revocations:
        revocations === null
          ? { pending: 0, overdue: 0, since: null, attemptsMax: 0, outcome: null }
          : {
              pending: revocations.pending,
              overdue: revocations.overdue,
              since: toMillisecondText(revocations.since),
              attemptsMax: revocations.attemptsMax,
              outcome: revocations.outcome,
            },
    })),
    text: table(
      [
        'provider',
        'on',
        'active',
        'needs user',
        'refreshes failing',
        'to revoke',
        'overdue',
        'since',
        'last answer',
      ],
      health.map(toRow),
      'No provider is switched on.',
    ),
  };
});

function toRow({ name, isOn, connections, failingRefreshes, revocations }: ProviderHealth): string[] {
  return [
    name,
    isOn ? 'on' : 'off',
    String(connections.active ?? 0),
    String(connections.needs_user ?? 0),
    String(failingRefreshes.count),
    String(revocations?.pending ?? 0),
    String(revocations?.overdue ?? 0),
    revocations === null ? '-' : toMillisecondText(revocations.since),
    revocations?.outcome ?? failingRefreshes.outcome ?? '-',
  ];
}
