// What a client sends of a request that was refused already, taken and thrown away. Over HTTP/2 the runtime ends a
// stream as soon as it is answered, and a client in the middle of sending may then not look at the answer (RFC 9113
// s. 8.1). HTTP/1.1 has no such end.

import type { Finish } from "./middleware.ts";

/** Bytes: who sends more may miss why it was refused. */
const MOST = 16 * 1_048_576;
/** ms */
const PATIENCE = 5_000;

export const refusedBodyFinish: Finish = (response, request) => {
  const { body } = request;
  if (response.status < 400 || body === null || request.bodyUsed) return response;
  return discard(body).then(() => response);
};

async function discard(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  const timer = setTimeout(() => void reader.cancel().catch(isGone), PATIENCE);
  try {
    for (let left = MOST; left > 0;) {
      const { value, done } = await reader.read();
      if (done) return;
      left -= value.length;
    }
    await reader.cancel();
  } catch (error) {
    isGone(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Nobody is left to be told. */
function isGone(_error: unknown): void {}
