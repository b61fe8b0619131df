/** The metrics at one moment: plain values in the form of the library, which can be sent to another process. */

export interface MetricValues {
  readonly name: string;
  readonly help: string;
  /** A word of the text format; the library's types declare a number instead. */
  readonly type: unknown;
  /** How the values of several processes are combined. */
  readonly aggregator: string;
  readonly values: readonly {
    /** For the parts of a histogram. Default: the metric's own name. */
    readonly metricName?: string;
    readonly labels: Readonly<Partial<Record<string, string | number>>>;
    readonly value: number;
  }[];
}

export type Snapshot = readonly MetricValues[];
