/** Steps that issue and check the tokens of the Connect page. Only `issueToken` returns a token in plain text. */
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import type { UserId } from '../ids.ts';
import { digestOf, newToken, parseToken } from '../secret.ts';
import { secondMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { type ConnectTokenKind, connectTokenRules } from './connect-token.ts';

/** A step: a new token of the user, in plain text; of the family where one is given. */
export async function issueToken(
  core: Core,
  tx: Tx,
  userId: UserId,
  kind: ConnectTokenKind,
  family: string | null = null,
): Promise<string> {
  const { prefix, lifeMs } = connectTokenRules[kind];
  const token = newToken(prefix, tx.orgKey);
  const expiresAt = core.clock.now() + lifeMs;
  await tx.connectTokens.insert({ userId, kind, expiresAt }, digestOf(token), family);
  return token;
}

/** The lifetime of a new token of the kind, in whole seconds. */
export function lifeSeconds(kind: ConnectTokenKind): number {
  return connectTokenRules[kind].lifeMs / secondMs;
}

/** Whether the text has the form of a token of that kind in that organization. */
export function isTokenText(text: string, kind: ConnectTokenKind, orgKey: number): boolean {
  const parts = parseToken(text);
  return parts?.prefix === connectTokenRules[kind].prefix && parts.orgKey === orgKey;
}

/** Refuses with `wrong_state` for a cancelled user, who gets no token. */
export function refuseCancelled(user: User): void {
  if (user.status === 'inactive') throw refuse('wrong_state', { from: user.status, to: 'active' });
}
