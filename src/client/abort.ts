// What an AbortSignal means for something that is waited for. No listener stays on the signal, which may be that of
// many.

import { defer } from "../deferred.ts";

/**
 * The promise, for as long as it takes. When the signal aborts first, `withdraw` may reject it.
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

/**
 * The promise, or, when the signal aborts first or has aborted already, its reason. What the promise stands for goes on.
 *
 * @throws what the promise rejects with, or the reason of the signal
 */
export async function untilAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  const aborted = defer<never>();
  const either = Promise.race([promise, aborted.promise]);
  if (signal?.aborted === true) aborted.reject(signal.reason);
  return withdrawable(either, signal, aborted.reject);
}
