/**
 * Reads the header `Idempotency-Key` into what the core stores: digests of key and body under the deployment's
 * secret. The organization is part of the key digest, so that keys of two organizations are never the same. So is
 * the documented path, so that a repeated request is recognised by host, prefix and bare path alike.
 */
import type { IdempotentRequest } from '../../core/access/idempotency-store.ts';
import type { Core } from '../../core/core.ts';
import { refuseFaults } from '../../core/errors.ts';
import { callerOf } from '../../http/caller.ts';
import type { Call, Method } from '../../http/contract.ts';
import { keyCharactersMax } from './schemas.ts';

const field = 'Idempotency-Key';

/** The refusals of a call for its key, in addition to `invalid_fields`. */
export const idempotencyRefusals = ['idempotency_in_progress', 'idempotency_key_reused'] as const;

/**
 * The request that runs only once; null where the caller sent no key. `path` has its parameters filled in. Refuses
 * with `invalid_fields` where the key is empty or too long.
 */
export function readIdempotency(
  core: Core,
  call: Call,
  target: { readonly method: Method; readonly path: string },
): IdempotentRequest | null {
  const key = readKey(call.headers[field.toLowerCase()]);
  if (key === null) return null;
  const { orgKey } = callerOf(call);
  const digest = (text: string): string => core.secrets.keyedDigest('idempotency', text);
  const keyDigest = digest(JSON.stringify([orgKey, target.method, target.path, key]));
  // One character per byte: different bytes never give the same text. Equal bodies of two organizations have different digests.
  return { keyDigest, bodyDigest: digest(`${keyDigest} ${call.rawBody.toString('latin1')}`) };
}

function readKey(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null;
  const key = typeof header === 'string' ? header.trim() : '';
  if (key === '') refuseFaults([{ field, fault: 'blank' }]);
  if (key.length > keyCharactersMax) refuseFaults([{ field, fault: 'too_long', max: keyCharactersMax }]);
  return key;
}
