// Searches a store in a thread of its own (search-worker.ts), one search after the other. The thread starts with the
// first search, and ends with the log. Knows no SQL.

import { Worker } from "node:worker_threads";

import { CharlaError, describeCause } from "../../errors.ts";
import type { Reads } from "./reads.ts";

export type SearchRequest =
  | { readonly method: "search"; readonly given: Parameters<Reads["search"]> }
  | { readonly method: "find"; readonly given: Parameters<Reads["find"]> };

type Found =
  | { readonly method: "search"; readonly found: ReturnType<Reads["search"]> }
  | { readonly method: "find"; readonly found: ReturnType<Reads["find"]> };

export type SearchAnswer =
  | Found
  /** The store cannot be read; a CharlaError, which cannot be passed between threads. */
  | { readonly refusal: Pick<CharlaError, "code" | "message" | "hint"> };

export function createSearcher(folder: string) {
  let worker: Worker | null = null;
  /** Asked and not answered, in the order of the answers. */
  let pending: PromiseWithResolvers<Found>[] = [];

  function start(): Worker {
    const started = new Worker(new URL("./search-worker.js", import.meta.url), {
      workerData: folder,
      // Node.js warns that SQLite is experimental in each thread; once, in that of the log, is enough.
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    started.on("message", (answer: SearchAnswer) => {
      const asked = pending.shift();
      // One that is ending is waited for.
      if (pending.length === 0 && worker === started) started.unref();
      if ("found" in answer) asked?.resolve(answer);
      else asked?.reject(refused(answer.refusal));
    });
    // A bug, or no memory: it ends the thread and its searches, not the server. The next search starts another thread.
    started.on("error", (cause) => {
      const failed = pending;
      pending = [];
      if (worker === started) worker = null;
      for (const { reject } of failed) reject(crashed(folder, cause));
    });
    return started;
  }

  function ask(request: SearchRequest): Promise<Found> {
    worker ??= start();
    // The program goes on until it has the answer.
    worker.ref();
    const asked = Promise.withResolvers<Found>();
    pending.push(asked);
    send(worker, request);
    return asked.promise;
  }

  return {
    async search(...given: Parameters<Reads["search"]>): Promise<ReturnType<Reads["search"]>> {
      const answer = await ask({ method: "search", given });
      if (answer.method !== "search") throw otherAnswer();
      return answer.found;
    },
    async find(...given: Parameters<Reads["find"]>): Promise<ReturnType<Reads["find"]>> {
      const answer = await ask({ method: "find", given });
      if (answer.method !== "find") throw otherAnswer();
      return answer.found;
    },
    /** Resolves once the store is closed, after the pending searches. */
    async [Symbol.asyncDispose](): Promise<void> {
      const ending = worker;
      if (ending === null) return;
      worker = null;
      const exited = new Promise((resolve) => ending.once("exit", resolve));
      // Otherwise a program that does nothing else ends before.
      ending.ref();
      send(ending, null);
      await exited;
    },
  };
}

/** @param request null to end */
function send(worker: Worker, request: SearchRequest | null): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  worker.postMessage(request);
}

function otherAnswer(): Error {
  return new Error("a search was given the answer of another");
}

function crashed(folder: string, cause: unknown): CharlaError {
  return new CharlaError(
    "STORE_FAILED",
    `the search in ${folder} failed: ${describeCause(cause)}`,
    "search for something else; if that fails as well, restart the program",
    { cause },
  );
}

function refused({
  code,
  message,
  hint,
}: Pick<CharlaError, "code" | "message" | "hint">): CharlaError {
  return new CharlaError(code, message, hint);
}
