// A tmux server of the test's own with one session, and a client in control mode: a command is a line of its input, and
// is answered in order (tmux(1), CONTROL MODE). One process for all commands, and word of every output.

import { environment } from "./person.ts";

/** What a pane of tmux writes, and what it is asked. */
export interface Tmux extends AsyncDisposable {
  /** Runs a command, after those before it; resolves with the lines that it printed. */
  run(...words: string[]): Promise<readonly string[]>;
  /** Resolves when a program has written to the terminal after this call, or tmux has ended. */
  nextOutput(): Promise<void>;
}

interface Answer {
  resolve(lines: readonly string[]): void;
  reject(error: Error): void;
}

/**
 * @param path of its socket
 * @param options of `new-session`, and what it runs
 * @param settings of all sessions, by name
 */
export async function startTmux(
  path: string,
  options: readonly string[],
  env: Record<string, string | undefined>,
  settings: Readonly<Record<string, string>> = {},
): Promise<Tmux> {
  const set = Object.entries(settings).flatMap(([name, value]) => ["set", "-g", name, value, ";"]);
  const client = Bun.spawn(
    ["tmux", "-u", "-f", "/dev/null", "-S", path, "-C", ...set, "new-session", ...options],
    {
      env: { ...environment, TMUX: "", LC_ALL: "C.UTF-8", ...env },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    },
  );
  const awaited: Answer[] = [];
  const attached = Promise.withResolvers<void>();
  let output = Promise.withResolvers<void>();
  let isOver = false;

  function onOutput(): void {
    output.resolve();
    output = Promise.withResolvers();
  }

  async function read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    let block: string[] | null = null;
    for await (const chunk of client.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (block === null) {
          // The last number is 1 if the command came from this client's input.
          if (/^%begin .* 1$/.test(line)) block = [];
          else if (line.startsWith("%output ")) onOutput();
          else if (line.startsWith("%session-changed ")) attached.resolve();
        } else if (line.startsWith("%end ")) {
          awaited.shift()?.resolve(block);
          block = null;
        } else if (line.startsWith("%error ")) {
          awaited.shift()?.reject(new Error(`tmux: ${block.join("\n")}`));
          block = null;
        } else block.push(line);
      }
    }
    isOver = true;
    onOutput();
    const error = new Error("tmux has ended");
    attached.reject(error);
    for (const answer of awaited.splice(0)) answer.reject(error);
  }
  const over = read();

  const tmux: Tmux = {
    run(...words) {
      if (isOver) return Promise.reject(new Error("tmux has ended"));
      const answer = Promise.withResolvers<readonly string[]>();
      awaited.push(answer);
      void client.stdin.write(`${words.map(quoted).join(" ")}\n`);
      void client.stdin.flush();
      return answer.promise;
    },
    nextOutput: () => output.promise,
    async [Symbol.asyncDispose]() {
      // It ends before it answers.
      if (!isOver) void tmux.run("kill-server").catch(() => {});
      await over;
      await client.exited;
    },
  };
  await using starting = new AsyncDisposableStack();
  starting.use(tmux);
  // It may read commands before it has made the session, and runs them without one.
  await attached.promise;
  starting.move();
  return tmux;
}

/** A word of a command, which is one line. */
function quoted(word: string): string {
  const escaped = word
    .replace(/[\\"$]/g, "\\$&")
    // oxlint-disable-next-line no-control-regex
    .replace(/[\0-\x1f\x7f]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return `"${escaped}"`;
}
