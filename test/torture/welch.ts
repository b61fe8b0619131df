/** Welch's t-test over two kinds of calls that are measured in turn, so that the load of the machine affects both alike. */

/** The running mean and variance of one kind (Welford's method). */
class Sample {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    this.#count += 1;
    const difference = value - this.#mean;
    this.#mean += difference / this.#count;
    this.#squares += difference * (value - this.#mean);
  }

  get mean(): number {
    return this.#mean;
  }

  /** The variance of the mean. */
  get error(): number {
    return this.#squares / (this.#count - 1) / this.#count;
  }
}

export interface Comparison {
  readonly t: number;
  /** Mean milliseconds. */
  readonly one: number;
  readonly other: number;
}

/** Measures `pairs` pairs; which of the two comes first changes at random. Each call returns its milliseconds. */
export async function compareTimes(
  pairs: number,
  one: () => Promise<number>,
  other: () => Promise<number>,
): Promise<Comparison> {
  const samples = [new Sample(), new Sample()] as const;
  // The first calls fill caches and compile code.
  const warmUps = Math.min(100, Math.ceil(pairs / 10));
  for (let pair = -warmUps; pair < pairs; pair += 1) {
    const isOneFirst = Math.random() < 0.5;
    const times = isOneFirst ? [await one(), await other()] : [await other(), await one()];
    if (pair < 0) continue;
    samples[isOneFirst ? 0 : 1].add(times[0] ?? 0);
    samples[isOneFirst ? 1 : 0].add(times[1] ?? 0);
  }
  const [a, b] = samples;
  return { t: (a.mean - b.mean) / Math.sqrt(a.error + b.error), one: a.mean, other: b.mean };
}
