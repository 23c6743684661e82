// Edits a text in an editor of the person's own, on the terminal that this program lends it. The text is in a file that
// only the person can read, and that is removed afterwards. Knows nothing of what the text is for.

import { spawn } from "node:child_process";
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CharlaError, describeCause } from "../errors.ts";
import { readUpTo } from "../read-up-to.ts";
import type { Io } from "./io.ts";
import type { LentTerminal } from "./tty.ts";

/** A longer file is no message: those have at most 10,000 characters. */
const MAX_BYTES = 1024 * 1024;

/** POSIX has it, and it needs no window. */
const FALLBACK = "vi";

/** How long an editor has to end when it is asked to, ms. */
const END_WAIT = 1_000;

/** A shell ends with a status above this one if a signal has ended its program (POSIX sh, 2.8.2). */
const KILLED = 128;

/** Exit status of a shell for a program that it can't find (POSIX sh, 2.8.2). */
const NOT_FOUND = 127;

/**
 * What becomes of `text` in $VISUAL, $EDITOR or vi. The newline that editors put at the end is dropped.
 *
 * @param lend gives the terminal to the editor, as this program found it, until that is disposed of
 * @param signal ends the editor, and removes the file at once
 * @throws {CharlaError} EDITOR_FAILED: the text stays as it was
 */
export async function editOutside(
  text: string,
  env: Io["env"],
  lend: () => LentTerminal,
  signal?: AbortSignal,
): Promise<string> {
  const editor =
    [env["VISUAL"], env["EDITOR"]].find((name) => (name ?? "").trim() !== "") ?? FALLBACK;
  using file = privateFile(text);
  signal?.addEventListener("abort", () => file[Symbol.dispose](), { once: true });
  {
    using lent = lend();
    await run(editor, file.path, lent, signal);
  }
  return readEdited(file.path);
}

/** A file of this user's alone, in a folder of its own; also gone when the program ends meanwhile. */
function privateFile(text: string): Disposable & { readonly path: string } {
  try {
    const folder = mkdtempSync(join(tmpdir(), "charla-edit-"));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once("exit", remove);
    // The name tells editors what it is.
    const path = join(folder, "message.txt");
    writeFileSync(path, text === "" ? "" : `${text}\n`, { mode: 0o600, flag: "wx" });
    return {
      path,
      [Symbol.dispose]() {
        process.off("exit", remove);
        remove();
      },
    };
  } catch (cause) {
    throw new CharlaError(
      "EDITOR_FAILED",
      `cannot write to ${tmpdir()}: ${describeCause(cause)}`,
      "set TMPDIR to a folder that you can write to",
      { cause },
    );
  }
}

/** As git does, the shell runs it: the variable may hold options. */
async function run(
  editor: string,
  path: string,
  lent: LentTerminal,
  signal?: AbortSignal,
): Promise<void> {
  const child = spawn("/bin/sh", ["-c", `${editor} "$@"`, editor, path], { stdio: "inherit" });
  const { promise, resolve, reject } = Promise.withResolvers<number | string>();
  child.once("error", reject);
  child.once("exit", (status, ending) => {
    if (ending !== null || (status ?? 0) > KILLED) lent.reset();
    resolve(status ?? ending ?? "");
  });
  const end = () => {
    child.kill();
    setTimeout(() => child.kill("SIGKILL"), END_WAIT).unref();
  };
  signal?.addEventListener("abort", end);
  const result = await promise.catch(describeCause);
  signal?.removeEventListener("abort", end);
  if (result === 0) return;
  const why = typeof result === "number" ? `exit status ${result}` : result;
  throw new CharlaError(
    "EDITOR_FAILED",
    `the editor ${JSON.stringify(editor)} failed (${why}); the line is as it was`,
    result === NOT_FOUND
      ? "set VISUAL or EDITOR to an editor that is installed"
      : "leave the editor with status 0 to take the text; VISUAL or EDITOR chooses another one",
  );
}

function readEdited(path: string): string {
  const bytes = readBeginning(path, MAX_BYTES + 1);
  if (bytes.byteLength > MAX_BYTES) {
    throw notTaken(
      `it is longer than ${MAX_BYTES.toLocaleString("en")} bytes`,
      "shorten it, or share the file with charla serve",
    );
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.replaceAll(/\r\n?/g, "\n").replace(/\n$/, "");
  } catch (cause) {
    throw notTaken("it is not UTF-8", "let the editor write UTF-8", cause);
  }
}

function readBeginning(path: string, most: number): Uint8Array {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(descriptor).isFile()) throw new Error("it is not a file");
      return readUpTo(descriptor, most);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw notTaken(
      describeCause(cause),
      "let the editor write to the file that it was given",
      cause,
    );
  }
}

function notTaken(why: string, hint: string, cause?: unknown): CharlaError {
  return new CharlaError(
    "EDITOR_FAILED",
    `the edited text cannot be taken: ${why}; the line is as it was`,
    hint,
    { cause },
  );
}
