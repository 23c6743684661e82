// How long the work of this process took, on a machine that is busy with other things.

/** What this process has had of the processors, ms: unlike the clock, whatever else they do. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
