// Medians and percentiles.

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param part 0 to 1: 0.99 for the 99th percentile */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
