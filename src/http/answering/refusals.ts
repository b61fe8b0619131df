/**
 * Turns a thrown error into an answer in the envelope of the contract that the request reached. The contract
 * presents a refusal. Every other error is a fault of ours: it is logged once and presented as `internal`. The
 * header fields that a refusal needs in every envelope are added here.
 */
import { refuse } from '../../core/errors.ts';
import type { Answer, RefusalContext } from '../contract.ts';
import { isEitherRefusal, type Refusal } from '../http-refusals.ts';
import { faultFields, type Logger } from '../log.ts';
import type { Operation } from '../operation.ts';
import { refusalHeaders } from './refusal-headers.ts';

/** The part of a request that presenting and logging need. */
export interface Refused {
  readonly operation: Pick<Operation, 'contract' | 'pattern' | 'operationId' | 'present'>;
  readonly requestId: string;
  readonly params: RefusalContext['params'];
  readonly isScripted: boolean;
}

/** The answer to an error. Never throws. */
export function presentError(error: unknown, refused: Refused, logger: Logger): Answer {
  const { operation, requestId, params, isScripted } = refused;
  const context: RefusalContext = { requestId, operationId: operation.operationId, params, isScripted };
  try {
    return withHeaders(toRefusal(error, refused, logger), (refusal) => operation.present(refusal, context));
  } catch (fault) {
    // The contract failed to present the refusal, so there is no envelope to use.
    logFault(fault, refused, logger);
    return { status: 500, body: { error: 'internal_error' } };
  }
}

function toRefusal(error: unknown, refused: Refused, logger: Logger): Refusal {
  if (isEitherRefusal(error)) return error;
  logFault(error, refused, logger);
  return refuse('internal', {});
}

/** Writes the log line of a fault. */
export function logFault(error: unknown, { operation, requestId }: Refused, logger: Logger): void {
  const { contract, pattern } = operation;
  logger.error({ requestId, contract, route: pattern, fault: faultFields(error) }, 'fault');
}

function withHeaders(refusal: Refusal, present: (refusal: Refusal) => Answer): Answer {
  const answer = present(refusal);
  return { ...answer, headers: { ...refusalHeaders(refusal, null), ...answer.headers } };
}
