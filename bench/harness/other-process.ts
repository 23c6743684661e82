// A measurement's other process: the same file run again with "serve", which answers questions about
// itself, so that the cost of one end can be told from the other's.

/** What a process has used so far. */
export interface Usage {
  /** CPU time of all its threads, us. */
  readonly cpu: number;
  /** Bytes in memory, RSS. */
  readonly memory: number;
}

export interface OtherProcess extends AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  usage(): Promise<Usage>;
  /** Collects its garbage, so that memory tells what is kept. */
  collect(): Promise<Usage>;
}

/** Starts `file` again; it is to call `answerAsOther` once it listens. */
export async function startOther(file: string): Promise<OtherProcess> {
  const port = Promise.withResolvers<number>();
  let answered = Promise.withResolvers<Usage>();
  const child = Bun.spawn([process.execPath, file, "serve"], {
    stdio: ["ignore", "inherit", "inherit"],
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

/** In the other process: it listens on `port`, and answers from now on. */
export function answerAsOther(port: number): void {
  process.on("message", (question) => {
    if (question === "collect") Bun.gc(true);
    process.send?.(usage());
  });
  process.send?.({ port });
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, memory: process.memoryUsage.rss() };
}
