/**
 * Runs in a measured server and reports the delay of the event loop. The first message starts the measurement, the second
 * ends it; at other times it costs nothing. It measures with a timer of 5 ms, so a reported delay includes these 5 ms.
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
