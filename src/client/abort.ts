// What an AbortSignal means for something that is waited for. Pure.

/**
 * The promise, for as long as it takes. When the signal aborts first, `withdraw` may reject it. No listener stays on the
 * signal, which may be that of many.
 *
 * @throws what the promise rejects with
 */
export async function withdrawable<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
  withdraw: (reason: unknown) => void,
): Promise<Value> {
  if (signal === undefined) return promise;
  const onAbort = () => withdraw(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
