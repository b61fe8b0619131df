/**
 * Authenticates the backend of an app, the client of the Connect page's API: its id and its secret come in the body of
 * each call. Neither the answer nor its time distinguishes an unknown app, an app without a secret and a wrong secret.
 */
import type { AppPrincipal, Door } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { FieldReader, readText } from '../directory/user-fields.ts';
import { type FieldFault, refuse, refuseFaults } from '../errors.ts';
import { isHex40 } from '../ids.ts';
import { digestOf, sameDigest } from '../secret.ts';

/** The credentials of a client, as unchecked input. */
export interface ClientInput {
  readonly clientId: unknown;
  readonly clientSecret: unknown;
}

/** A digest that no secret has. */
const noDigest = digestOf('');

/**
 * The app with that id and secret. Refuses with `invalid_fields` where one of the two is missing, together with
 * `otherFaults`; with `invalid_credentials` where they do not belong together; and then with `invalid_fields` for
 * `otherFaults` alone.
 */
export async function authenticateClient(
  core: Core,
  door: Door,
  input: ClientInput,
  otherFaults: readonly FieldFault[],
): Promise<AppPrincipal> {
  const fields = new FieldReader();
  const clientId = fields.take('clientId', readText(input.clientId));
  const clientSecret = fields.take('clientSecret', readText(input.clientSecret));
  if (clientId === undefined || clientSecret === undefined) {
    throw refuse('invalid_fields', { faults: [...fields.faults, ...otherFaults] });
  }
  const found = isHex40(clientId)
    ? await core.work.readSystem('authentication', (tx) => tx.apps.findWithSecret(clientId))
    : null;
  const isRight = sameDigest(digestOf(clientSecret), found?.secretDigest ?? noDigest);
  if (found === null || !isRight) throw refuse('invalid_credentials', {});
  refuseFaults(otherFaults);
  return { kind: 'app', door, orgKey: found.app.orgKey, appId: found.app.id };
}
