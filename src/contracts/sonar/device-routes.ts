/**
 * The devices of a user: list, connect and disconnect them. A device is a connection to a provider. The answer to
 * connecting has the address of the start page, to which the client sends the person.
 */

import type { Core } from '../../core/core.ts';
import type { Connection } from '../../core/providers/connection.ts';
import { disconnect, listConnections, startConnection } from '../../core/providers/user-connections.ts';
import { toSecondText } from '../../core/time.ts';
import { callerOf } from '../../http/caller.ts';
import type { Route } from '../../http/contract.ts';
import { readMembers } from '../../http/reading/members.ts';
import {
  connectBody,
  connectionAnswerSchema,
  deviceExample,
  deviceListSchema,
  deviceParams,
  type SonarDevice,
} from './device-schemas.ts';
import { idempotencyRefusals, readIdempotency } from './idempotency.ts';
import { refOf, userPath } from './routes.ts';
import { idempotencyHeaders, userIdParams } from './schemas.ts';

const devicesPath = `${userPath}/devices`;

export function listDevicesRoute(core: Core): Route {
  return {
    method: 'GET',
    path: devicesPath,
    operationId: 'listDevices',
    tag: 'Devices',
    summary: "List a user's devices",
    description: 'Every device that the user was ever sent to connect, newest first.',
    access: 'connections.read',
    params: userIdParams,
    responses: {
      200: { description: 'The devices', schema: deviceListSchema, example: { data: [deviceExample] } },
    },
    refusals: ['user_not_found'],
    async handle(call) {
      const connections = await listConnections(core, callerOf(call), { user: refOf(call) });
      return { status: 200, body: { data: connections.map(toDevice) } };
    },
  };
}

export function connectDeviceRoute(core: Core): Route {
  return {
    method: 'POST',
    path: devicesPath,
    operationId: 'connectDevice',
    tag: 'Devices',
    summary: 'Connect a device',
    description:
      'Starts to connect the user to a provider and answers with the address of the page to send them to. A device that waits for its person already is started again.',
    access: 'connections.manage',
    params: userIdParams,
    headers: idempotencyHeaders,
    body: connectBody,
    bodyExample: { provider: 'fitbit' },
    responses: {
      200: {
        description: 'The device, waiting for the person',
        schema: connectionAnswerSchema,
        example: {
          data: {
            id: deviceExample.id,
            provider: deviceExample.provider,
            status: 'pending',
            auth_url: `https://roster.example.com/connect/start?flow=oaf_1_${'k'.repeat(43)}`,
          },
        },
      },
    },
    refusals: ['invalid_fields', 'user_not_found', ...idempotencyRefusals],
    sampleFaults: [{ field: 'provider', fault: 'unlisted', choices: ['fitbit', 'oura'] }],
    async handle(call) {
      const body = readMembers(call.body);
      const path = `/v1/users/${call.params['user_id']}/devices`;
      const { connection, authUrl } = await startConnection(core, callerOf(call), {
        user: refOf(call),
        provider: body['provider'],
        returnTo: 'page',
        once: readIdempotency(core, call, { method: 'POST', path }),
      });
      const { id, provider, status } = connection;
      return { status: 200, body: { data: { id, provider, status, auth_url: authUrl } } };
    },
  };
}

export function disconnectDeviceRoute(core: Core): Route {
  return {
    method: 'DELETE',
    path: `${devicesPath}/:device_id`,
    operationId: 'disconnectDevice',
    tag: 'Devices',
    summary: 'Disconnect a device',
    description:
      'Ends access at the provider: the device is `revoking` until the provider confirms. One that has ended stays as it is.',
    access: 'connections.manage',
    params: deviceParams,
    responses: { 204: { description: 'The device is disconnected' } },
    refusals: ['user_not_found', 'connection_not_found'],
    async handle(call) {
      await disconnect(core, callerOf(call), {
        user: refOf(call),
        connectionId: call.params['device_id'] ?? '',
      });
      return { status: 204 };
    },
  };
}

function toDevice({ id, provider, status, connectedAt, lastSyncAt }: Connection): SonarDevice {
  return {
    id,
    provider,
    status,
    connected_at: connectedAt === null ? null : toSecondText(connectedAt),
    last_sync_at: lastSyncAt === null ? null : toSecondText(lastSyncAt),
  };
}
