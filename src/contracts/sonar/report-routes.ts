/** The two calls by which a service that ingests device data reports that a user synced or was scored. */
import type { Core } from '../../core/core.ts';
import { type ReportKind, reportActivity } from '../../core/directory/user-lifecycle.ts';
import { callerOf } from '../../http/caller.ts';
import type { Route } from '../../http/contract.ts';
import { readMembers } from '../../http/reading/members.ts';
import { idempotencyRefusals, readIdempotency } from './idempotency.ts';
import { toUserAnswer } from './present.ts';
import { refOf, userPath } from './routes.ts';
import {
  idempotencyHeaders,
  newUserExample,
  reportBody,
  syncBody,
  userAnswerSchema,
  userExample,
  userIdParams,
} from './schemas.ts';

export function reportSyncRoute(core: Core): Route {
  return {
    ...reportRoute(core, 'sync', 'syncs'),
    operationId: 'reportSync',
    tag: 'Reports',
    summary: 'Report a sync',
    description:
      'Tells that device data of the user came in, from one of their devices where `device_id` says so. An older report than the last changes nothing.',
    body: syncBody,
    bodyExample: { at: '2025-01-20T08:30:00Z' },
    responses: {
      202: {
        description: 'The report is taken',
        schema: userAnswerSchema,
        example: { data: { ...newUserExample, last_sync_at: userExample.last_sync_at } },
      },
    },
  };
}

export function reportScoreRoute(core: Core): Route {
  return {
    ...reportRoute(core, 'score', 'scores'),
    operationId: 'reportScore',
    tag: 'Reports',
    summary: 'Report a score',
    description: 'Tells that the user was scored. An older report than the last changes nothing.',
    bodyExample: { at: '2025-01-20T08:31:00Z' },
    responses: {
      202: {
        description: 'The report is taken',
        schema: userAnswerSchema,
        example: { data: userExample },
      },
    },
  };
}

function reportRoute(core: Core, kind: ReportKind, segment: 'syncs' | 'scores') {
  return {
    method: 'POST',
    path: `${userPath}/${segment}`,
    access: 'users.report',
    params: userIdParams,
    headers: idempotencyHeaders,
    body: reportBody,
    refusals: ['user_not_found', 'invalid_fields', ...idempotencyRefusals],
    sampleFaults: [{ field: 'at', fault: 'in_future' }],
    async handle(call) {
      const body = readMembers(call.body);
      const path = `/v1/users/${call.params['user_id']}/${segment}`;
      const user = await reportActivity(core, callerOf(call), {
        kind,
        ref: refOf(call),
        at: body['at'],
        ...(kind === 'sync' ? { deviceId: body['device_id'] } : {}),
        once: readIdempotency(core, call, { method: 'POST', path }),
      });
      return { status: 202, body: toUserAnswer(user, core.clock.now()) };
    },
  } satisfies Partial<Route>;
}
