/**
 * The API of the Connect page, on the page's own origin. The page sends the token that it was opened with as a
 * bearer token. The token gives access to the connections of its own user only. A refusal is a code, for which the
 * page has words.
 */

import type { ConnectPagePrincipal, OwnDoor } from '../../core/access/principal.ts';
import { authenticatePageToken } from '../../core/connect-page/page-token.ts';
import { listSources, type Source } from '../../core/connect-page/sources.ts';
import type { Core } from '../../core/core.ts';
import { refuse } from '../../core/errors.ts';
import { getFlowProgress } from '../../core/providers/flow.ts';
import { disconnect, startConnection } from '../../core/providers/user-connections.ts';
import { toMillisecondText } from '../../core/time.ts';
import { refusalHeaders } from '../../http/answering/refusal-headers.ts';
import type { Answer, Call } from '../../http/contract.ts';
import { nameOfRefusal, type Refusal, type RefusalName } from '../../http/http-refusals.ts';
import type { PageRoute } from '../../http/page.ts';
import { readBearer } from '../../http/reading/bearer.ts';
import { readMembers } from '../../http/reading/members.ts';
import { markPath } from './brand-files.ts';
import type {
  FlowShape,
  ProblemCode,
  ProblemShape,
  SessionShape,
  SourceShape,
  StartedShape,
} from './connect-shapes.ts';

/** The door in the audit events of a person's changes in the page. */
const door: OwnDoor = 'connect';

export function connectApi(core: Core): readonly PageRoute[] {
  const common = {
    access: {
      authenticate: ({ headers }: Pick<Call, 'headers'>) =>
        authenticatePageToken(core, door, readBearer(headers) ?? ''),
    },
    present,
  };
  return [
    {
      ...common,
      method: 'GET',
      path: '/connect/api/session',
      operationId: 'connect.session',
      async handle(call) {
        const { appName, sources } = await listSources(core, personOf(call));
        const body: SessionShape = { app: { name: appName }, sources: sources.map(toShape) };
        return { status: 200, body };
      },
    },
    {
      ...common,
      method: 'POST',
      path: '/connect/api/connections',
      operationId: 'connect.start',
      networkThrottle: 'connect',
      async handle(call) {
        const person = personOf(call);
        const { provider } = readMembers(call.body);
        const { connection, authUrl } = await startConnection(core, person, {
          user: { id: person.userId },
          provider,
          returnTo: 'opener',
        });
        if (authUrl === null) throw refuse('internal', {});
        const body: StartedShape = { connectionId: connection.id, authUrl };
        return { status: 201, body };
      },
    },
    {
      ...common,
      method: 'GET',
      path: '/connect/api/flows/:flow',
      operationId: 'connect.flow',
      async handle(call) {
        const progress = await getFlowProgress(core, personOf(call), call.params['flow'] ?? '');
        const body: FlowShape = { progress };
        return { status: 200, body };
      },
    },
    {
      ...common,
      method: 'DELETE',
      path: '/connect/api/connections/:id',
      operationId: 'connect.disconnect',
      async handle(call) {
        const person = personOf(call);
        const connectionId = call.params['id'] ?? '';
        await disconnect(core, person, { user: { id: person.userId }, connectionId });
        return { status: 204 };
      },
    },
  ];
}

function personOf({ principal }: Call): ConnectPagePrincipal {
  if (principal?.kind !== 'connect') throw refuse('unauthorized', {});
  return principal;
}

function toShape({ provider, title, mark, isDemo, isOffered, connection }: Source): SourceShape {
  const shown =
    connection === null
      ? null
      : {
          id: connection.id,
          status: connection.status,
          connectedAt: connection.connectedAt === null ? null : toMillisecondText(connection.connectedAt),
        };
  const markAddress = mark === null ? null : `../${markPath(provider, mark)}`;
  return { provider, title, mark: markAddress, isDemo, isOffered, connection: shown };
}

const problems: Partial<Record<RefusalName, { readonly status: number; readonly error: ProblemCode }>> = {
  unauthorized: { status: 401, error: 'expired' },
  user_not_found: { status: 404, error: 'gone' },
  connection_not_found: { status: 404, error: 'gone' },
  wrong_state: { status: 409, error: 'gone' },
  invalid_fields: { status: 422, error: 'gone' },
  malformed_host: { status: 400, error: 'not_understood' },
  malformed_body: { status: 400, error: 'not_understood' },
  unsupported_media_type: { status: 415, error: 'not_understood' },
  payload_too_large: { status: 413, error: 'not_understood' },
  request_timeout: { status: 408, error: 'busy' },
  rate_limited: { status: 429, error: 'too_many' },
  unavailable: { status: 503, error: 'busy' },
};

function present(refusal: Refusal): Answer {
  const { status, error } = problems[nameOfRefusal(refusal)] ?? { status: 500, error: 'fault' };
  const body: ProblemShape = { error };
  return { status, headers: refusalHeaders(refusal, 'Bearer'), body };
}
