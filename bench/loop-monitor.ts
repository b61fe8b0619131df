/**
 * Loaded into a server that is measured: tells, when it is asked, for how long the event loop was kept from what was
 * due. It measures from the first question to the second, and costs nothing at any other time. Delays are those of
 * a timer of 5 ms: what is told has these 5 ms in it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const histogram = monitorEventLoopDelay({ resolution: 5 });
process.on('message', (question) => {
  if (question === 'begin') histogram.enable();
  if (question !== 'end') return;
  histogram.disable();
  process.send?.({ loopP99Ms: histogram.percentile(99) / 1e6, loopMaxMs: histogram.max / 1e6 });
  histogram.reset();
});
process.channel?.unref();
