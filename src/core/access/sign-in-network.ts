/** Looks a caller's network up among those of an account, and stores it at a sign-in. */
import type { Core } from '../core.ts';
import { noUserId, type UserId } from '../ids.ts';
import type { SecretBox } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import {
  knownNetworkMs,
  knownNetworksMax,
  type NetworkDigests,
  type NetworkFamiliarity,
} from './known-network.ts';

/** A step: how familiar the network is to the account; null stands for no account. */
export function findFamiliarity(
  core: Core,
  tx: Tx,
  userId: UserId | null,
  network: string,
): Promise<NetworkFamiliarity> {
  const id = userId ?? noUserId;
  return tx.networks.find(id, digestsOf(core.secrets, tx, id, network), core.clock.now() - knownNetworkMs);
}

/** A step: the account has signed in from that network. Where `isNew`, another one may be one too many. */
export async function noteNetwork(
  core: Core,
  tx: Tx,
  userId: UserId,
  network: string,
  { isNew }: { readonly isNew: boolean },
): Promise<void> {
  const digests = digestsOf(core.secrets, tx, userId, network);
  await tx.networks.note(userId, digests, core.clock.now());
  if (isNew) await tx.networks.forgetOldest(userId, digests, knownNetworksMax);
}

function digestsOf(secrets: SecretBox, { orgKey }: Tx, userId: UserId, network: string): NetworkDigests {
  const digestOf = (text: string): string =>
    secrets.keyedDigest('known network', `${orgKey} ${userId} ${text}`);
  return { network: digestOf(network), site: digestOf(`site ${siteOf(network)}`) };
}

/** The /24 of an IPv4 address, the /48 of an IPv6 /64; another text is its own site. */
export function siteOf(network: string): string {
  const parts = network.includes(':') ? network.split(':').slice(0, 3) : network.split('.').slice(0, 3);
  return parts.join(network.includes(':') ? ':' : '.');
}
