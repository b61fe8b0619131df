/**
 * The public keys of receipts at their well-known address, as a JSON Web Key Set (RFC 7517). Every client may read
 * them, also a script in a page of another origin, and may cache them for a while.
 */
import type { Core } from '../../core/core.ts';
import { listPublicKeys } from '../../core/erasure/receipt-key.ts';
import type { PageRoute } from '../../http/page.ts';

export function jwksPages(core: Core): readonly PageRoute[] {
  return [
    {
      method: 'GET',
      path: '/.well-known/jwks.json',
      operationId: 'jwks',
      async handle() {
        const headers = { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' };
        return { status: 200, headers, body: await listPublicKeys(core) };
      },
    },
  ];
}
