/**
 * The calls of the API's first generation: they exchange the session token of the Connect page for an access token, and
 * issue a token that opens the page again for an existing user. The session token is not consumed; it expires.
 */
import type { AppPrincipal, Door } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { FieldReader, readText } from '../directory/user-fields.ts';
import { refuse } from '../errors.ts';
import { parseHumanId } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { digestOf } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { authenticateClient, type ClientInput } from './authenticate-client.ts';
import { issueToken, isTokenText, refuseCancelled } from './issue-token.ts';

/** Unchecked input. */
export interface HumanTokenRequest extends ClientInput {
  readonly humanId: unknown;
}

/** Tokens in plain text, which are shown only in this answer. */
export interface HumanTokens {
  readonly user: User;
  readonly accessToken: string;
  readonly publicToken: string;
}

/**
 * An access and a public token for the user of a session. Refuses with `invalid_fields`, `invalid_credentials`,
 * `not_found` (user), `invalid_token` for a session that has expired or is not this user's, and `wrong_state` for a
 * user who was cancelled.
 */
export async function exchangeSession(
  core: Core,
  door: Door,
  request: HumanTokenRequest & { readonly sessionToken: unknown },
): Promise<HumanTokens> {
  const fields = new FieldReader();
  const humanId = fields.take('humanId', readText(request.humanId));
  const sessionToken = fields.take('sessionToken', readText(request.sessionToken));
  const app = await authenticateClient(core, door, request, fields.faults);
  if (humanId === undefined || sessionToken === undefined) throw refuse('internal', {});
  return core.work.change(app.orgKey, async (tx) => {
    const user = await getByHumanId(tx, app, humanId);
    const now = core.clock.now();
    const isText = isTokenText(sessionToken, 'session', tx.orgKey);
    const found = isText ? await tx.connectTokens.findByDigest(digestOf(sessionToken)) : null;
    if (found === null || found.user.id !== user.id || found.token.expiresAt <= now) {
      throw refuse('invalid_token', {});
    }
    refuseCancelled(user);
    const accessToken = await issueToken(core, tx, user.id, 'access');
    await record(tx, app, 'connect.access_issued', { kind: 'user', id: user.id }, now);
    return { user, accessToken, publicToken: await addPublicToken(core, tx, app, user) };
  });
}

/**
 * A public token for a user who is there. Refuses with `invalid_fields`, `invalid_credentials`, `not_found` (user), and
 * `wrong_state` for a user who was cancelled.
 */
export async function issuePublicToken(core: Core, door: Door, request: HumanTokenRequest): Promise<string> {
  const fields = new FieldReader();
  const humanId = fields.take('humanId', readText(request.humanId));
  const app = await authenticateClient(core, door, request, fields.faults);
  if (humanId === undefined) throw refuse('internal', {});
  return core.work.change(app.orgKey, async (tx) => {
    const user = await getByHumanId(tx, app, humanId);
    refuseCancelled(user);
    return addPublicToken(core, tx, app, user);
  });
}

async function addPublicToken(core: Core, tx: Tx, app: AppPrincipal, user: User): Promise<string> {
  const token = await issueToken(core, tx, user.id, 'public');
  await record(tx, app, 'connect.public_issued', { kind: 'user', id: user.id }, core.clock.now());
  return token;
}

async function getByHumanId(tx: Tx, app: AppPrincipal, humanId: string): Promise<User> {
  const id = parseHumanId(humanId);
  const user = id === null ? null : await tx.users.find({ id, appId: app.appId });
  if (user === null) throw refuse('not_found', { noun: 'user' });
  return user;
}
