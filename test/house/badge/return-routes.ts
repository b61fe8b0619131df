/** The second resource of `badge`: what became of a badge that was given back. */
import type { Core } from '../../../src/core/core.ts';
import { erasureStates } from '../../../src/core/erasure/erasure.ts';
import { getErasure } from '../../../src/core/erasure/list-erasures.ts';
import { callerOf } from '../../../src/http/caller.ts';
import type { Route } from '../../../src/http/contract.ts';
import { Type } from '../../../src/http/shape.ts';

export function getReturn(core: Core): Route {
  return {
    ...{ method: 'GET', path: '/v3/returns/:return_id', operationId: 'readReturn' },
    ...{ summary: 'Read what became of a badge', tag: 'returns', access: 'erasures.read' },
    responses: {
      200: {
        description: 'The return',
        schema: Type.Object({ state: Type.Enum([...erasureStates]) }),
        example: { state: 'running' },
      },
    },
    refusals: ['erasure_not_found'],
    async handle(call) {
      const { state } = await getErasure(core, callerOf(call), { id: call.params['return_id'] ?? '' });
      return { status: 200, body: { state } };
    },
  };
}
