/** The state of an erasure and, once it is complete, its receipt, for callers who may delete. */
import type { Core } from '../../core/core.ts';
import { type Erasure, erasureStates } from '../../core/erasure/erasure.ts';
import { getErasure } from '../../core/erasure/list-erasures.ts';
import { toSecondText } from '../../core/time.ts';
import { callerOf } from '../../http/caller.ts';
import type { Route } from '../../http/contract.ts';
import { named, type Static, Type } from '../../http/shape.ts';

const erasureSchema = named(
  'Erasure',
  Type.Object({
    id: Type.String({ pattern: '^era_[0-9a-f]{32}$', description: 'As in `X-Erasure-Id` of the deletion.' }),
    state: Type.Enum([...erasureStates], {
      description:
        '`running` until nothing of the person is found any more and every provider has confirmed that access has ended; `overdue` where that takes longer than 30 days; then `complete`.',
    }),
    requested_at: Type.String({ format: 'date-time' }),
    completed_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    receipt: Type.Union([
      Type.String({
        pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$',
        description:
          'A compact JWS (EdDSA) without personal data, to be verified with the keys at `/.well-known/jwks.json`; null until complete.',
      }),
      Type.Null(),
    ]),
  }),
);

const erasureParams = Type.Object({
  erasure_id: Type.String({
    description: 'The id of the erasure',
    examples: ['era_5f0c3a7e9d214b68a1c2d3e4f5061728'],
  }),
});

const erasureExample = {
  id: 'era_5f0c3a7e9d214b68a1c2d3e4f5061728',
  state: 'running',
  requested_at: '2025-01-20T08:30:00Z',
  completed_at: null,
  receipt: null,
} as const satisfies Static<typeof erasureSchema>;

export function getErasureRoute(core: Core): Route {
  return {
    method: 'GET',
    path: '/v1/erasures/:erasure_id',
    operationId: 'getErasure',
    tag: 'Erasures',
    summary: 'Get an erasure',
    description:
      'What became of the deletion of a user, through whichever API: its state, and the signed receipt once it is complete. For API keys with the role `admin`.',
    access: 'erasures.read',
    params: erasureParams,
    responses: {
      200: {
        description: 'The erasure',
        schema: named('ErasureAnswer', Type.Object({ data: erasureSchema })),
        example: { data: erasureExample },
      },
    },
    refusals: ['erasure_not_found'],
    async handle(call) {
      const erasure = await getErasure(core, callerOf(call), { id: call.params['erasure_id'] ?? '' });
      return { status: 200, body: { data: toSonarErasure(erasure) } };
    },
  };
}

function toSonarErasure(erasure: Erasure): Static<typeof erasureSchema> {
  const { id, state, requestedAt, completedAt, receipt } = erasure;
  return {
    id,
    state,
    requested_at: toSecondText(requestedAt),
    completed_at: completedAt === null ? null : toSecondText(completedAt),
    receipt,
  };
}
