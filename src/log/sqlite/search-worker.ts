// The thread that searches a store, with a connection of its own that only reads: that may take a second in a large
// room, and nobody else waits for it. Started by searcher.ts.

import { parentPort, workerData } from "node:worker_threads";

import { CharlaError } from "../../errors.ts";
import { prepareReads, type Reads } from "./reads.ts";
import type { SearchAnswer, SearchRequest } from "./searcher.ts";
import { cannotRead, openStoreToRead } from "./store-files.ts";

if (parentPort === null) throw new Error("this is a thread of charla, not a program");
serve(parentPort, String(workerData));

function serve(port: NonNullable<typeof parentPort>, folder: string): void {
  let files: ReturnType<typeof openStoreToRead<Reads>> | null = null;

  /** Opens the store at the first request, and again after it could not be opened. */
  function answer(request: SearchRequest): SearchAnswer {
    try {
      files ??= openStoreToRead(folder, prepareReads);
      const { search, find } = files.prepared;
      return request.method === "search"
        ? { method: "search", found: search(...request.given) }
        : { method: "find", found: find(...request.given) };
    } catch (cause) {
      const error = files === null ? cause : cannotRead(cause, files.path);
      if (!(error instanceof CharlaError)) throw error;
      const { code, message, hint } = error;
      return { refusal: { code, message, hint } };
    }
  }

  port.on("message", (request: SearchRequest | null) => {
    if (request !== null) {
      port.postMessage(answer(request));
      return;
    }
    files?.[Symbol.dispose]();
    port.close();
  });
}
