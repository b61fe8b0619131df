/** What metrics are at one moment: plain values in the form of the library, fit to be sent to another process. */

export interface MetricValues {
  readonly name: string;
  readonly help: string;
  /** The word of the text format; the library's types have a number where it has the word. */
  readonly type: unknown;
  /** How the values of several processes become one. */
  readonly aggregator: string;
  readonly values: readonly {
    /** For the parts of a histogram; the metric's own name unless given. */
    readonly metricName?: string;
    readonly labels: Readonly<Partial<Record<string, string | number>>>;
    readonly value: number;
  }[];
}

export type Snapshot = readonly MetricValues[];
