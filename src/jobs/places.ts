/**
 * How many messages of a channel are under way at the same time. A send that takes longer than most gives its place to
 * the next message and goes on, so a service that hangs for some destinations delays the others by little. All sends together have a
 * bound too.
 *
 * Some places are for one kind of messages alone: a code finds a free place while thousands of notices are sent, and no
 * kind waits for ever.
 */
import type { ChannelPlaces } from '../core/messaging/claim-messages.ts';
import { type MessageKind, messageKinds } from '../core/messaging/lane.ts';

/** A send that has lasted so long gives its place to the next message. */
const slowAfterMs = 250;

/** Many sends are slow from this part of all on: a quarter. */
const crowdedPart = 4;

export interface PlaceLimits {
  /** Sends that count. */
  readonly atOnce: number;
  /** Sends together with the slow ones. */
  readonly inAll: number;
  /** Sends to one destination, of all processes together. */
  readonly perDestination: number;
}

type Counts = Record<MessageKind, number>;

export class Places implements ChannelPlaces {
  readonly #limits: PlaceLimits;
  readonly #onFree: () => void;
  readonly #own: Readonly<Counts>;
  readonly #counting: Counts = { code: 0, link: 0, invitation: 0, notice: 0 };
  #slow = 0;

  /** `onFree` is called whenever a place becomes free. */
  constructor(limits: PlaceLimits, onFree: () => void) {
    this.#limits = limits;
    this.#onFree = onFree;
    const least = Math.min(1, Math.floor(limits.atOnce / 8));
    this.#own = { code: Math.floor(limits.atOnce / 4), link: least, invitation: least, notice: least };
  }

  free(kind: MessageKind, claimed: ReadonlyMap<MessageKind, number>): number {
    let free = this.#limits.atOnce;
    let inAll = this.#limits.inAll - this.#slow;
    for (const each of messageKinds) {
      const used = this.#counting[each] + (claimed.get(each) ?? 0);
      inAll -= used;
      free -= each === kind ? used : Math.max(used, this.#own[each]);
    }
    // Slow sends of other kinds leave codes a whole set of places.
    return Math.min(free, kind === 'code' ? inAll : inAll - this.#limits.atOnce);
  }

  /**
   * A code has a place more than other messages, so that these do not take all places of a destination. While many sends are
   * slow, each destination has one place: many destinations that hang would take all places otherwise.
   */
  perDestination(kind: MessageKind): number {
    const { perDestination, inAll } = this.#limits;
    if (this.#slow * crowdedPart >= inAll) return 1;
    return kind === 'code' ? perDestination : Math.max(1, perDestination - 1);
  }

  /** Takes a place for as long as `send` lasts. */
  async hold(kind: MessageKind, send: () => Promise<void>): Promise<void> {
    this.#counting[kind] += 1;
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      this.#counting[kind] -= 1;
      this.#slow += 1;
      this.#onFree();
    }, slowAfterMs);
    try {
      await send();
    } finally {
      clearTimeout(timer);
      if (isSlow) this.#slow -= 1;
      else this.#counting[kind] -= 1;
      this.#onFree();
    }
  }
}
