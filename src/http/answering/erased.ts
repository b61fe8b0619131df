/** The answer to a deletion, the same in every contract: no body, and the id of the erasure that began. */
import type { Answer, ResponseDocument } from '../contract.ts';

const header = 'X-Erasure-Id';

export function erasedAnswer({ erasureId }: { readonly erasureId: string }): Answer {
  return { status: 204, headers: { [header]: erasureId } };
}

/** Its description in the reference. */
export function erasedResponse(description: string): ResponseDocument {
  return {
    description,
    headers: {
      [header]: {
        description:
          'The id of the erasure: what becomes of it, and its receipt, is at `GET /v1/erasures/{id}` of `sonar`.',
      },
    },
  };
}
