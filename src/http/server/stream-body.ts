// A body that is made while it is sent, no faster than the client takes it. A "direct" stream, which is the
// runtime's own: over HTTP/2 it sends an ordinary one of 256 KiB pieces with pauses of 50 ms between them.

/** @param chunks is told to end (return) where the client goes, so that it can close what it reads from */
export function streamBody(chunks: AsyncGenerator<Uint8Array, void, void>): ReadableStream {
  let isWanted = true;
  return new ReadableStream({
    type: "direct",
    async pull(controller) {
      try {
        // Nobody waits for the last piece to have gone: leaving the loop early ends the generator as well.
        for await (const chunk of chunks) {
          if (!isWanted) break;
          await controller.write(chunk);
          await controller.flush();
        }
        if (isWanted) controller.close();
      } catch (error) {
        // The connection breaks off, so that what came does not look whole.
        controller.close(error instanceof Error ? error : new Error(String(error)));
      }
    },
    cancel() {
      isWanted = false;
    },
  });
}

/** What HEAD gets in the place of a body whose length nobody knows: the runtime then names none. */
export function noBody(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.close() }, { highWaterMark: 0 });
}
