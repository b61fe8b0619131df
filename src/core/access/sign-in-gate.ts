/**
 * Bounds how many password checks of one account run at once, so that parallel guesses cannot slip past the
 * count of wrong ones: the checks under way and the wrong tries already counted are never together more than
 * the tries that cost nothing. Callers beyond that wait in line, first come, first served.
 */
export class SignInGate {
  readonly #lanes = new Map<string, Lane>();

  /**
   * Runs `check` once fewer checks of the subject are under way than `room` allows (at least one). `room` is
   * asked when it is the caller's turn, and again whenever a check has ended meanwhile; what it throws, the
   * caller gets instead.
   */
  async pass<T>(subject: string, room: () => Promise<number>, check: () => Promise<T>): Promise<T> {
    const lane = this.#lanes.get(subject) ?? new Lane();
    this.#lanes.set(subject, lane);
    lane.callers += 1;
    try {
      await lane.enter(room);
      try {
        return await check();
      } finally {
        lane.leave();
      }
    } finally {
      lane.callers -= 1;
      if (lane.callers === 0) this.#lanes.delete(subject);
    }
  }
}

/** The checks of one subject, and the line in front of them. */
class Lane {
  /** Everybody in line or past it; the lane can go when there is nobody. */
  callers = 0;
  #running = 0;
  /** Resolves when the last one in line has been let through or has given up. */
  #line: Promise<void> = Promise.resolve();
  #ended = Promise.withResolvers<void>();

  async enter(room: () => Promise<number>): Promise<void> {
    const ahead = this.#line;
    const turn = Promise.withResolvers<void>();
    this.#line = turn.promise;
    await ahead;
    try {
      for (;;) {
        // Taken before the room is asked: a check that ends in between is then counted twice, never not at all.
        const running = this.#running;
        const ended = this.#ended.promise;
        if (running < Math.max(1, await room())) break;
        await ended;
      }
      this.#running += 1;
    } finally {
      turn.resolve();
    }
  }

  leave(): void {
    this.#running -= 1;
    this.#ended.resolve();
    this.#ended = Promise.withResolvers<void>();
  }
}
