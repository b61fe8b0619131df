/**
 * Limits how often one network may call a group of routes. A hit counts for the network and for the wider networks around it,
 * which have larger limits: a stranger with many addresses meets those. A hit that any of them refuses counts for none, so
 * one network alone never uses up what the wider one has for its other members.
 *
 * Counts are rows with keyed digests of networks, so all processes share them and they survive a restart. Calls that cost
 * little are counted in memory instead: a row would cost more than the call.
 */
import type { Core, NetworkBucket, NetworkFactors } from '../core.ts';
import type { Clock } from '../time.ts';
import { levelsOf, type NetworkWidth } from './network.ts';
import type { Quota } from './throttle.ts';

/** A call that is refused. */
export interface RefusedCall {
  readonly waitMs: number;
  /** The network whose limit is reached. */
  readonly width: NetworkWidth;
}

/** The quotas of a network and of the wider networks around it, the narrowest first. */
export function quotasOfNetwork(
  network: string,
  quota: Quota,
  factors: NetworkFactors,
): readonly { readonly width: NetworkWidth; readonly network: string; readonly quota: Quota }[] {
  return levelsOf(network).map((level) => {
    const factor = level.width in factors ? factors[level.width as keyof NetworkFactors] : 1;
    return { ...level, quota: { ...quota, limit: quota.limit * factor } };
  });
}

/** An operation: counts a call of the network. Null when it was counted, which is durable. */
export async function hitNetwork(
  core: Core,
  bucket: NetworkBucket,
  network: string,
): Promise<RefusedCall | null> {
  const { networkQuotas, networkFactors } = core.policy;
  const levels = quotasOfNetwork(network, networkQuotas[bucket], networkFactors);
  const subjects = levels.map((level) => ({
    subject: core.secrets.keyedDigest('network', level.network),
    quota: level.quota,
  }));
  const refused = await core.work.changeSystem(
    'throttle',
    (tx) => tx.throttles.hitNested(bucket, subjects, core.clock.now()),
    { isAwaited: true },
  );
  return refused === null ? null : { waitMs: refused.waitMs, width: levels[refused.at]?.width ?? '/32' };
}

/** How many networks are remembered; those that called longest ago are forgotten. */
const networksMax = 50_000;

/**
 * Counts calls of networks in memory: at most a quota at once, and the same number again over each of its windows. It reads
 * `Clock.elapsed`, so that a clock that is set changes no count.
 */
export class NetworkTally {
  readonly #clock: Pick<Clock, 'elapsed'>;
  /** When the calls of a network will have been forgotten, one after the other. */
  readonly #debts = new Map<string, number>();

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /** Null when the call was counted. */
  hit(network: string, quota: Quota, factors: NetworkFactors): RefusedCall | null {
    const now = this.#clock.elapsed();
    const levels = quotasOfNetwork(network, quota, factors).map((level) => {
      const stepMs = level.quota.windowMs / level.quota.limit;
      const debt = Math.max(now, this.#debts.get(level.network) ?? 0) + stepMs;
      return { ...level, debt, waitMs: debt - now - level.quota.windowMs };
    });
    // A remainder below a millisecond is a rounding error of the sums.
    const refused = levels.findLast(({ waitMs }) => waitMs >= 1);
    if (refused !== undefined) return refused;
    for (const { network: name, debt } of levels) {
      // The map is in the order of the last calls.
      this.#debts.delete(name);
      this.#debts.set(name, debt);
    }
    for (const [name] of this.#debts) {
      if (this.#debts.size <= networksMax) break;
      this.#debts.delete(name);
    }
    return null;
  }
}
