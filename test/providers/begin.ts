/** A person at the start page of a flow, without HTTP. */
import type { Core } from '../../src/core/core.ts';
import { beginFlow } from '../../src/core/providers/flow.ts';

/** The secret of the browser in which every flow begins; the same in each process of a test. */
export const browser = 'a-browser-of-the-tests-'.padEnd(43, 'x');

/** Begins the flow; the address of the provider. `startUrl` is the address of the start page. */
export async function begin(core: Core, startUrl: string | null): Promise<string> {
  const flow = new URL(startUrl ?? '').searchParams.get('flow') ?? '';
  const address = await beginFlow(core, { flow, browser });
  if (address === null) throw new Error('the flow cannot be begun');
  return address;
}
