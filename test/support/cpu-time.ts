/** The processor time of a piece of work. Unlike the time of a clock, it does not depend on what else the machine does. */

/** Milliseconds that the thread of the test computes while `work` runs. `work` waits for nothing. */
export function cpuTimeOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
