// The lesson's programs: ours in TypeScript, and their counterparts as the Python lesson writes them.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { type Program, root, start } from "../harness/program.ts";

export type Language = "TypeScript" | "Python";

/** Who opens and who joins: ours with ours, and ours with Python both ways. */
export const PAIRS: { server: Language; client: Language; needs: string[] }[] = [
  { server: "TypeScript", client: "TypeScript", needs: [] },
  { server: "TypeScript", client: "Python", needs: ["python3"] },
  { server: "Python", client: "TypeScript", needs: ["python3"] },
];

/** Text whose characters take two, three and four bytes in UTF-8. */
export const UNICODE = "é 日本 🎉";

/** The command that runs a program of the lesson, such as `1-one-way/client`. */
export function command(language: Language, program: string, ...args: string[]): string[] {
  return language === "TypeScript"
    ? [process.execPath, join(root, "steps", `${program}.ts`), ...args]
    : ["python3", "-u", "-X", "utf8", join(root, "test/steps/peers", `${program}.py`), ...args];
}

/** The port on which a program of the lesson waits, once it does: give it port 0 to be given a free one. */
export async function portOf(server: Program): Promise<string> {
  const [, port = ""] = await server.until("stdout", /^Waiting on port (\d+)\n/);
  return port;
}

/** Starts ncat as the one who waits for a datagram. */
export async function ncatWaiting(address: string, port: string): Promise<Program> {
  const ncat = start(["ncat", "-v", "--udp", "--listen", address, port]);
  await ncat.until("stderr", /listening on/i);
  return ncat;
}

/** A new folder with these files, removed at the end of the scope. */
export async function folder(
  files: Record<string, string>,
): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "charla-steps-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true });
    },
  };
}
