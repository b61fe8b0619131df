/** Reads metrics as Prometheus does. */
import assert from 'node:assert/strict';

export interface Metrics {
  readonly text: string;
  /** The names of the metrics, from their `TYPE` lines. */
  readonly names: readonly string[];
  /** The sum of the samples of that name whose labels include these; 0 for none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
  /** Whether there is such a sample. */
  has(name: string, labels?: Readonly<Record<string, string>>): boolean;
}

export function metricsUrl(port: number | string): string {
  return `http://127.0.0.1:${port}/metrics`;
}

/** Requests the metrics; fails the test if a line of the answer does not follow the text format. */
export async function readMetrics(port: number | string): Promise<Metrics> {
  const answer = await fetch(metricsUrl(port));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const text = await answer.text();
  const samples = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '))
    .map(readSample);
  const matching = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    samples.filter((sample) => {
      return (
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
      );
    });
  return {
    text,
    names: [...text.matchAll(/^# TYPE (\S+) (?:counter|gauge|histogram)$/gm)].map(([, name = '']) => name),
    sum: (name, labels) => matching(name, labels).reduce((sum, { value }) => sum + value, 0),
    has: (name, labels) => matching(name, labels).length > 0,
  };
}

/** `name{label="value",…} 1.5` */
function readSample(line: string) {
  const [, name = '', labels = '', value = ''] =
    /^([a-z_]+)(?:\{((?:[a-z]+="[^"\\]*",?)*)\})? ([-+.e\d]+|\+Inf)$/.exec(line) ?? [];
  assert.notEqual(name, '', `a line of the text format: ${line}`);
  const pairs = [...labels.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text]);
  return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
}
