// The other process of a measurement: the same file run again with "serve". It reports its own CPU time and memory, so
// that the cost of each end is measured separately.

import { heapStats } from "bun:jsc";

/** CPU time and memory of a process. */
export interface Usage {
  /** CPU time of all threads so far, us. */
  readonly cpu: number;
  /** RSS, bytes. */
  readonly memory: number;
  /** Of it, what the runtime's objects take, bytes. */
  readonly heap: number;
}

export interface OtherProcess extends AsyncDisposable {
  /** The port on which it listens. */
  readonly port: number;
  usage(): Promise<Usage>;
  /** Collects garbage first, so that `memory` counts live objects only. */
  collect(): Promise<Usage>;
}

/**
 * Starts `file` again, which must call `reportUsage` once it listens.
 *
 * @param env variables for it, beside those of this process
 */
export async function startOther(
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<OtherProcess> {
  const port = Promise.withResolvers<number>();
  let answered = Promise.withResolvers<Usage>();
  const child = Bun.spawn([process.execPath, file, "serve"], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
    ipc(message: { port: number } | Usage) {
      if ("port" in message) port.resolve(message.port);
      else answered.resolve(message);
    },
  });
  void child.exited.then((code) => port.reject(new Error(`the server ended with ${code}`)));
  const ask = (question: "usage" | "collect") => {
    answered = Promise.withResolvers();
    child.send(question);
    return answered.promise;
  };
  return {
    port: await port.promise,
    usage: () => ask("usage"),
    collect: () => ask("collect"),
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

/** For the other process: reports `port`, and from now on its usage on request. */
export function reportUsage(port: number): void {
  process.on("message", (question) => {
    if (question === "collect") Bun.gc(true);
    process.send?.(usage());
  });
  process.send?.({ port });
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, memory: process.memoryUsage.rss(), heap: heapStats().heapSize };
}
