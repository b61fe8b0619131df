/**
 * Issues the tokens that an app's backend requests with its client id and secret: a session token, whose user is found
 * or created, an id token for an existing user, and access tokens for a user with a connected source. It is one
 * operation, because the documented API has one call for all of them, with a `type`.
 */
import type { AppPrincipal, Door } from '../access/principal.ts';
import type { Core } from '../core.ts';
import {
  type ExternalIdLookUp,
  findByExternalId,
  lookUpFaults,
  readExternalIdLookUp,
  requireExternalId,
} from '../directory/external-id.ts';
import type { User } from '../directory/user.ts';
import { changeUser } from '../directory/user-change.ts';
import { FieldReader, type FieldResult, readNewEmail, readText } from '../directory/user-fields.ts';
import { newUserOf } from '../directory/user-lifecycle.ts';
import { isNotFound, isRefusal, refuse } from '../errors.ts';
import { type AuditAction, record } from '../record/audit-event.ts';
import { recordChangedFields } from '../record/changed-fields.ts';
import { digestOf } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { authenticateClient, type ClientInput } from './authenticate-client.ts';
import { issueToken, isTokenText, lifeSeconds, refuseCancelled } from './issue-token.ts';

export const tokenRequestTypes = ['session', 'id', 'access'] as const;
export type TokenRequestType = (typeof tokenRequestTypes)[number];

/** The request of a backend, as unchecked input. */
export interface TokenRequest extends ClientInput {
  readonly type: unknown;
  /** The app's own id of the user: its external id. */
  readonly clientUserId: unknown;
  readonly clientUserEmail: unknown;
  /** Requests access without `clientUserId`: the token names the user. */
  readonly refreshToken: unknown;
}

/** Tokens in plain text, which are shown only in this answer; lifetimes in whole seconds. */
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
 * Issues the requested tokens. Refuses with `invalid_fields`, `invalid_credentials`, `not_found` (user; a session
 * request creates the user instead), `not_found` (connection) where access is requested before a source is connected,
 * `invalid_token` for a refresh token that is consumed (which ends its family), expired or of another app, and `wrong_state` for a cancelled
 * user.
 */
export async function issueConnectTokens(
  core: Core,
  door: Door,
  request: TokenRequest,
): Promise<IssuedTokens> {
  const fields = new FieldReader();
  const type = readType(fields, request.type);
  const isRefresh = type === 'access' && request.refreshToken !== undefined && request.refreshToken !== null;
  const refreshToken = isRefresh ? fields.take('refreshToken', readText(request.refreshToken)) : undefined;
  const externalId = readExternalIdLookUp(request.clientUserId);
  if (!isRefresh) fields.faults.push(...lookUpFaults(externalId, 'clientUserId'));
  const email =
    type === 'session'
      ? fields.take('clientUserEmail', readEmailOrNone(request.clientUserEmail, core.takesUnicodeAddresses()))
      : null;
  const app = await authenticateClient(core, door, request, fields.faults);
  if (refreshToken !== undefined) return refreshAccess(core, app, refreshToken);
  switch (type) {
    case 'session':
      return issueSession(core, app, { externalId, email: email ?? null });
    case 'id':
      return issueId(core, app, externalId);
    case 'access':
      return issueAccess(core, app, externalId);
    case undefined:
      throw refuse('internal', {});
  }
}

/** The guides of this API spell an id token's type both ways. */
function readType(fields: FieldReader, value: unknown): TokenRequestType | undefined {
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

/** Backends send an empty text for a user without a known address. */
function readEmailOrNone(value: unknown, takesUnicode: boolean): FieldResult<string | null> {
  return value === undefined || value === null || value === ''
    ? { value: null }
    : readNewEmail(value, takesUnicode);
}

async function issueSession(
  core: Core,
  app: AppPrincipal,
  input: { readonly externalId: ExternalIdLookUp; readonly email: string | null },
): Promise<IssuedTokens> {
  const attempt = (): Promise<IssuedTokens> =>
    core.work.change(app.orgKey, async (tx) => {
      const user = await findOrCreate(core, tx, app, input);
      refuseCancelled(user);
      const sessionToken = await issueToken(core, tx, user.id, 'session');
      await note(core, tx, app, user, 'connect.session_issued');
      return { type: 'session', user, sessionToken, expiresInSeconds: lifeSeconds('session') };
    });
  try {
    return await attempt();
  } catch (error) {
    // Another process created or changed the user between our read and our write, so a second attempt finds it.
    if (isRefusal(error, 'external_id_taken') || isNotFound(error, 'user')) return attempt();
    throw error;
  }
}

function issueId(core: Core, app: AppPrincipal, externalId: ExternalIdLookUp): Promise<IssuedTokens> {
  return core.work.change(app.orgKey, async (tx) => {
    const user = await getByExternalId(tx, app, externalId);
    refuseCancelled(user);
    const idToken = await issueToken(core, tx, user.id, 'id');
    await note(core, tx, app, user, 'connect.id_issued');
    return { type: 'id', idToken, expiresInSeconds: lifeSeconds('id') };
  });
}

function issueAccess(core: Core, app: AppPrincipal, externalId: ExternalIdLookUp): Promise<IssuedTokens> {
  return core.work.change(app.orgKey, async (tx) => {
    const user = await getByExternalId(tx, app, externalId);
    return issueAccessPair(core, tx, app, { user, action: 'connect.access_issued', family: null });
  });
}

/**
 * Consumes the refresh token in the transaction that issues the new pair: of several callers exactly one gets it. A token
 * that was consumed before ends its family, immediately and without a grace: a backend that lost an answer requests a new
 * pair for its user.
 */
async function refreshAccess(core: Core, app: AppPrincipal, refreshToken: string): Promise<IssuedTokens> {
  if (!isTokenText(refreshToken, 'refresh', app.orgKey)) throw refuse('invalid_token', {});
  const digest = digestOf(refreshToken);
  const issued = await core.work.change(app.orgKey, async (tx) => {
    const found = await tx.connectTokens.findByDigest(digest);
    const isOfApp = found !== null && found.user.appId === app.appId;
    // The lock of the user orders a replay and a refresh with a newer token of the family.
    const user = isOfApp ? await tx.users.lock({ id: found.user.id }) : null;
    const lineage = user === null ? null : await tx.connectTokens.findLineage(digest);
    if (user === null || lineage === null) throw refuse('invalid_token', {});
    if (!lineage.isConsumed) {
      const token = await tx.connectTokens.consume(digest, 'refresh', core.clock.now());
      if (token === null) throw refuse('invalid_token', {});
      return issueAccessPair(core, tx, app, {
        user,
        action: 'connect.access_refreshed',
        family: lineage.family,
      });
    }
    await tx.connectTokens.deleteFamily(lineage.family);
    await note(core, tx, app, user, 'connect.access_revoked');
    return null;
  });
  if (issued === null) throw refuse('invalid_token', {});
  return issued;
}

async function issueAccessPair(
  core: Core,
  tx: Tx,
  app: AppPrincipal,
  issue: {
    readonly user: User;
    readonly action: AuditAction;
    /** Null: the pair begins a family. */
    readonly family: string | null;
  },
): Promise<IssuedTokens> {
  const { user, action, family } = issue;
  refuseCancelled(user);
  const connections = await tx.connections.listOf(user.id);
  // A connection that needs its user was connected before, and its data is still the person's.
  const isConnected = connections.some(({ status }) => status === 'active' || status === 'needs_user');
  if (!isConnected) throw refuse('not_found', { noun: 'connection' });
  const refreshToken = await issueToken(core, tx, user.id, 'refresh', family);
  const accessToken = await issueToken(core, tx, user.id, 'access', family ?? digestOf(refreshToken));
  await note(core, tx, app, user, action);
  return { type: 'access', accessToken, refreshToken, expiresInSeconds: lifeSeconds('access') };
}

async function findOrCreate(
  core: Core,
  tx: Tx,
  app: AppPrincipal,
  input: { readonly externalId: ExternalIdLookUp; readonly email: string | null },
): Promise<User> {
  const { email } = input;
  const present = await findByExternalId(tx, app.appId, input.externalId);
  if (present !== null && (present.email !== null || email === null)) return present;
  const now = core.clock.now();
  const write = (address: string | null): Promise<User> => {
    if (present !== null) return changeUser(core, tx, present, { email: address, updatedAt: now });
    const externalId = requireExternalId(input.externalId, 'clientUserId');
    return tx.users.insert({ ...newUserOf(app.appId, now), externalId, email: address });
  };
  const user = await writeIfEmailIsFree(write, present, email);
  if (present === null) await note(core, tx, app, user, 'user.created');
  else if (user !== present) await recordChangedFields(tx, app, present, user, now);
  return user;
}

/** Writes the user without the address where another user of the organization has it. */
async function writeIfEmailIsFree(
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

async function getByExternalId(tx: Tx, app: AppPrincipal, externalId: ExternalIdLookUp): Promise<User> {
  const user = await findByExternalId(tx, app.appId, externalId);
  if (user === null) throw refuse('not_found', { noun: 'user' });
  return user;
}

function note(core: Core, tx: Tx, app: AppPrincipal, user: User, action: AuditAction): Promise<void> {
  return record(tx, app, action, { kind: 'user', id: user.id }, core.clock.now());
}
