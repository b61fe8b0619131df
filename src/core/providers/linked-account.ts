/**
 * The rule of an app that takes a provider's account for one user only. An account is known by a keyed digest of the
 * provider and the person's id there, which its token answer has. It is renewed with the tokens, so that it follows
 * a new secret of the deployment. Where a provider does not say the id, the rule cannot be applied.
 */
import type { Core } from '../core.ts';
import type { Tx } from '../unit-of-work.ts';
import type { TokenGrant } from './grant.ts';
import type { ConnectionOfUser } from './lock-connection.ts';

/** The digest of the account of a grant; null where the provider did not say which one it is. */
export function accountDigestOf(
  { secrets }: Pick<Core, 'secrets'>,
  provider: string,
  { account }: Pick<TokenGrant, 'account'>,
): string | null {
  return account === null ? null : secrets.keyedDigest('provider account', `${provider} ${account}`);
}

/** A step: whether the app of the user refuses the grant, because another of its users has linked the account. */
export async function isAccountTaken(
  core: Core,
  tx: Tx,
  { user, connection }: ConnectionOfUser,
  grant: TokenGrant,
): Promise<boolean> {
  const accountDigest = accountDigestOf(core, connection.provider, grant);
  if (accountDigest === null) return false;
  const app = await tx.apps.find(user.appId);
  if (app?.isOneAccount !== true) return false;
  return tx.connections.isLinkedElsewhere({ accountDigest, appId: user.appId, userId: user.id });
}
