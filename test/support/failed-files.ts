/**
 * A reporter for Node's test runner: the path of each test file that failed, one a line. `npm test` keeps them in
 * `node_modules/failed-tests.txt`, and `npm run test:again` runs these files once more, one after the other.
 */
import { relative, resolve } from 'node:path';

/** The parts of the runner's events that are read here. */
type RunnerEvent =
  | { readonly type: 'test:summary'; readonly data: { readonly file?: string; readonly success: boolean } }
  | { readonly type: 'test:fail'; readonly data: { readonly file?: string; readonly name: string } };

/** Yields the lines when the run is over. Paths are relative to the working folder. */
// biome-ignore lint/style/noDefaultExport: the runner takes the default export of a reporter.
export default async function* failedFiles(events: AsyncIterable<RunnerEvent>): AsyncGenerator<string> {
  const failed = new Set<string>();
  for await (const { type, data } of events) {
    if (data.file === undefined) continue;
    if (type === 'test:summary' && !data.success) failed.add(data.file);
    // A process that ends before its tests are over has no summary. It fails under the name of its file.
    if (type === 'test:fail' && resolve(data.name) === data.file) failed.add(data.file);
  }
  for (const file of [...failed].sort()) yield `${relative(process.cwd(), file)}\n`;
}
