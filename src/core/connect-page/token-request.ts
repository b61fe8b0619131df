/**
 * The tokens that an app's backend asks for, by its client id and secret: a session for a user who is found or made,
 * an id token for one who is there, and access tokens for one who has connected a source. One operation, because
 * one call of the documented API does all of it, told apart by `type`.
 */
import type { AppPrincipal, Door } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import {
  FieldReader,
  type FieldResult,
  readEmail,
  readExternalId,
  readText,
} from '../directory/user-fields.ts';
import { newUserOf } from '../directory/user-lifecycle.ts';
import { isNotFound, isRefusal, refuse } from '../errors.ts';
import { type AuditAction, record } from '../record/audit-event.ts';
import { digestOf } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { authenticateClient, type ClientInput } from './authenticate-client.ts';
import { issueToken, isTokenText, lifeSeconds, refuseCancelled } from './issue-token.ts';

export const tokenRequestTypes = ['session', 'id', 'access'] as const;
export type TokenRequestType = (typeof tokenRequestTypes)[number];

/** What a backend asks for; values are as they came. */
export interface TokenRequest extends ClientInput {
  readonly type: unknown;
  /** The app's own id of the user: its external id. */
  readonly clientUserId: unknown;
  readonly clientUserEmail: unknown;
  /** Asks for access without naming the user: the token does. */
  readonly refreshToken: unknown;
}

/** Tokens in plain text, shown now and never again; lives in whole seconds. */
export type IssuedTokens =
  | {
      readonly type: 'session';
      readonly user: User;
      readonly sessionToken: string;
      readonly expiresInSeconds: number;
    }
  | { readonly type: 'id'; readonly idToken: string; readonly expiresInSeconds: number }
  | {
      readonly type: 'access';
      readonly accessToken: string;
      readonly refreshToken: string;
      readonly expiresInSeconds: number;
    };

/**
 * Issues what was asked for. Refuses with `invalid_fields`, `invalid_credentials`, `not_found` (user) (but for a
 * session, which makes the user), `not_found` (connection) where access is asked for before a source is connected,
 * `invalid_token` for a refresh token that is spent, expired or somebody else's, and `wrong_state` for a user who
 * was cancelled.
 */
export async function issueConnectTokens(
  core: Core,
  door: Door,
  request: TokenRequest,
): Promise<IssuedTokens> {
  const fields = new FieldReader();
  const type = takeType(fields, request.type);
  const isRefresh = type === 'access' && request.refreshToken !== undefined && request.refreshToken !== null;
  const refreshToken = isRefresh ? fields.take('refreshToken', readText(request.refreshToken)) : undefined;
  const externalId = isRefresh
    ? undefined
    : fields.take('clientUserId', readExternalId(request.clientUserId));
  const email =
    type === 'session' ? fields.take('clientUserEmail', readGivenEmail(request.clientUserEmail)) : null;
  const app = await authenticateClient(core, door, request, fields.faults);
  if (refreshToken !== undefined) return refreshAccess(core, app, refreshToken);
  if (externalId === undefined) throw refuse('internal', {});
  switch (type) {
    case 'session':
      return openSession(core, app, { externalId, email: email ?? null });
    case 'id':
      return openId(core, app, externalId);
    case 'access':
      return openAccess(core, app, externalId);
    case undefined:
      throw refuse('internal', {});
  }
}

/** The guides of this API spell an id token's type both ways. */
function takeType(fields: FieldReader, value: unknown): TokenRequestType | undefined {
  const type = value === 'id_token' ? 'id' : tokenRequestTypes.find((each) => each === value);
  if (type !== undefined) return type;
  const isNotFound = value === undefined || value === null || value === '';
  fields.faults.push(
    isNotFound
      ? { field: 'type', fault: 'blank' }
      : { field: 'type', fault: 'unlisted', choices: tokenRequestTypes },
  );
  return undefined;
}

/** Backends send an empty text for users whose address they do not know. */
function readGivenEmail(value: unknown): FieldResult<string | null> {
  return value === undefined || value === null || value === '' ? { value: null } : readEmail(value);
}

async function openSession(
  core: Core,
  app: AppPrincipal,
  input: { readonly externalId: string; readonly email: string | null },
): Promise<IssuedTokens> {
  const attempt = (): Promise<IssuedTokens> =>
    core.work.change(app.orgKey, async (tx) => {
      const user = await findOrMake(core, tx, app, input);
      refuseCancelled(user);
      const sessionToken = await issueToken(core, tx, user.id, 'session');
      await note(core, tx, app, user, 'connect.session_issued');
      return { type: 'session', user, sessionToken, expiresInSeconds: lifeSeconds('session') };
    });
  try {
    return await attempt();
  } catch (error) {
    // Another process made or changed the user between our look and our write: now it is there to be found.
    if (isRefusal(error, 'external_id_taken') || isNotFound(error, 'user')) return attempt();
    throw error;
  }
}

function openId(core: Core, app: AppPrincipal, externalId: string): Promise<IssuedTokens> {
  return core.work.change(app.orgKey, async (tx) => {
    const user = await getByExternalId(tx, app, externalId);
    refuseCancelled(user);
    const idToken = await issueToken(core, tx, user.id, 'id');
    await note(core, tx, app, user, 'connect.id_issued');
    return { type: 'id', idToken, expiresInSeconds: lifeSeconds('id') };
  });
}

function openAccess(core: Core, app: AppPrincipal, externalId: string): Promise<IssuedTokens> {
  return core.work.change(app.orgKey, async (tx) => {
    const user = await getByExternalId(tx, app, externalId);
    return giveAccess(core, tx, app, user, 'connect.access_issued');
  });
}

/** A refresh token is spent with the pair that it brings: of several callers one gets it. */
function refreshAccess(core: Core, app: AppPrincipal, refreshToken: string): Promise<IssuedTokens> {
  if (!isTokenText(refreshToken, 'refresh', app.orgKey)) throw refuse('invalid_token', {});
  return core.work.change(app.orgKey, async (tx) => {
    const token = await tx.connectTokens.consume(digestOf(refreshToken), 'refresh', core.clock.now());
    const user = token === null ? null : await tx.users.find({ id: token.userId, appId: app.appId });
    if (user === null) throw refuse('invalid_token', {});
    return giveAccess(core, tx, app, user, 'connect.access_refreshed');
  });
}

async function giveAccess(
  core: Core,
  tx: Tx,
  app: AppPrincipal,
  user: User,
  action: AuditAction,
): Promise<IssuedTokens> {
  refuseCancelled(user);
  const connections = await tx.connections.listOf(user.id);
  // One that the provider has lost was connected, and what came from it meanwhile is still the person's.
  const isConnected = connections.some(({ status }) => status === 'active' || status === 'needs_user');
  if (!isConnected) throw refuse('not_found', { noun: 'connection' });
  const accessToken = await issueToken(core, tx, user.id, 'access');
  const refreshToken = await issueToken(core, tx, user.id, 'refresh');
  await note(core, tx, app, user, action);
  return { type: 'access', accessToken, refreshToken, expiresInSeconds: lifeSeconds('access') };
}

async function findOrMake(
  core: Core,
  tx: Tx,
  app: AppPrincipal,
  { externalId, email }: { readonly externalId: string; readonly email: string | null },
): Promise<User> {
  const present = await tx.users.findByExternalId(app.appId, externalId);
  if (present !== null && (present.email !== null || email === null)) return present;
  const now = core.clock.now();
  const write = (address: string | null): Promise<User> => {
    if (present !== null) return tx.users.update(present, { email: address, updatedAt: now });
    return tx.users.insert({ ...newUserOf(app.appId, now), externalId, email: address });
  };
  const user = await writeWhereFree(write, present, email);
  if (user !== present) {
    await note(core, tx, app, user, present === null ? 'user.created' : 'user.updated');
  }
  return user;
}

/** An address that somebody else in the organization has is left out. */
async function writeWhereFree(
  write: (email: string | null) => Promise<User>,
  present: User | null,
  email: string | null,
): Promise<User> {
  try {
    return await write(email);
  } catch (error) {
    if (!isRefusal(error, 'email_taken')) throw error;
    return present ?? write(null);
  }
}

async function getByExternalId(tx: Tx, app: AppPrincipal, externalId: string): Promise<User> {
  const user = await tx.users.findByExternalId(app.appId, externalId);
  if (user === null) throw refuse('not_found', { noun: 'user' });
  return user;
}

function note(core: Core, tx: Tx, app: AppPrincipal, user: User, action: AuditAction): Promise<void> {
  return record(tx, app, action, { kind: 'user', id: user.id }, core.clock.now());
}
