// An editor of the person's own: here programs of the shell that read and write the file they are given.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CharlaError } from "../../src/errors.ts";
import { editOutside } from "../../src/terminal/external-editor.ts";
import { until } from "../harness/until.ts";

let folder: string;
const around = process.env["TMPDIR"];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "charla-editor-test-"));
  // So that what is left behind is this test's.
  process.env["TMPDIR"] = folder;
});
afterAll(() => {
  if (around === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = around;
  rmSync(folder, { recursive: true, force: true });
});

let scripts = 0;
/** A program for the shell: "$1" is the file. */
function editor(script: string): string {
  const path = join(folder, `editor-${(scripts += 1)}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o700);
  return path;
}

/** What comes back, and what happened to the terminal meanwhile. */
async function edit(text: string, env: Record<string, string>) {
  const calls: string[] = [];
  const lend = () => {
    calls.push("lent");
    return {
      reset: () => void calls.push("reset"),
      [Symbol.dispose]: () => void calls.push("back"),
    };
  };
  const result = await editOutside(text, env, lend).catch((error: unknown) => {
    if (!(error instanceof CharlaError)) throw error;
    const { code, message, hint } = error;
    return { code, message, hint };
  });
  return { result, calls };
}

const leftBehind = () => readdirSync(folder).filter((name) => name.startsWith("charla-edit-"));

describe("the text", () => {
  test("is what the editor leaves in the file, without the newline at its end", async () => {
    const env = { EDITOR: editor(`printf 'and more\\n' >> "$1"`) };
    expect(await edit("one\ntwo", env)).toEqual({
      result: "one\ntwo\nand more",
      calls: ["lent", "back"],
    });
  });

  test("is in a file that nobody else can read, in a folder that nobody else can enter", async () => {
    const log = join(folder, "modes");
    const env = {
      EDITOR: editor(`stat -c %a "$1" "$(dirname "$1")" > ${log}; cat "$1" >> ${log}`),
    };
    await edit("one", env);
    expect(readFileSync(log, "utf8")).toBe("600\n700\none\n");
  });

  test("is empty in an empty file, and may come back empty", async () => {
    expect((await edit("", { EDITOR: editor(`[ ! -s "$1" ] && echo new > "$1"`) })).result).toBe(
      "new",
    );
    expect((await edit("one", { EDITOR: editor(`: > "$1"`) })).result).toBe("");
  });

  test("has newlines of one kind, whatever the editor writes", async () => {
    expect((await edit("", { EDITOR: editor(`printf 'one\\r\\ntwo\\r\\n' > "$1"`) })).result).toBe(
      "one\ntwo",
    );
  });

  test("may come in a new file that has taken the place of the one that was given", async () => {
    const env = { EDITOR: editor(`echo other > "$1.new"; mv "$1.new" "$1"`) };
    expect((await edit("one", env)).result).toBe("other");
  });
});

describe("the editor", () => {
  test("is that of VISUAL, or else that of EDITOR; an empty one counts for nothing", async () => {
    const [visual, other] = [editor(`echo visual > "$1"`), editor(`echo other > "$1"`)];
    expect((await edit("", { VISUAL: visual, EDITOR: other })).result).toBe("visual");
    expect((await edit("", { VISUAL: " ", EDITOR: other })).result).toBe("other");
  });

  test("may have options, and a folder with a blank in its name", async () => {
    const env = { EDITOR: `${editor(`echo "$1" > "$2"`)} --fast` };
    expect((await edit("", env)).result).toBe("--fast");
    const path = editor(`echo blank > "$1"`);
    writeFileSync(join(folder, "an editor"), readFileSync(path));
    chmodSync(join(folder, "an editor"), 0o700);
    expect((await edit("", { EDITOR: `'${join(folder, "an editor")}'` })).result).toBe("blank");
  });
});

describe("a failure says what it is, gives the terminal back and leaves no file", () => {
  test.each([
    [
      "an editor that is not installed",
      "no-such-editor",
      /^the editor "no-such-editor" failed \(exit status 127\)/,
      /^set VISUAL or EDITOR/,
    ],
    [
      "an editor that fails",
      "false",
      /^the editor "false" failed \(exit status 1\); the line is as it was$/,
      /^leave the editor with status 0/,
    ],
    ["an editor that is killed", "kill -9 $$; :", /failed \(SIGKILL\)/, /^leave the editor/],
    [
      "a text that is not UTF-8",
      `printf '\\377' > "$1"; :`,
      /cannot be taken: it is not UTF-8/,
      /UTF-8$/,
    ],
    [
      "a text that is too long",
      `head -c 2000000 /dev/zero > "$1"; :`,
      /it is longer than 1,048,576 bytes/,
      /^shorten it/,
    ],
    ["a file that is gone", `rm "$1"; :`, /cannot be taken: no such file/, /^let the editor write/],
    [
      "a pipe in its place",
      `rm "$1"; mkfifo "$1"; :`,
      /cannot be taken: it is not a file/,
      /^let the editor write/,
    ],
  ])("%s", async (_what, command, message, hint) => {
    const { result, calls } = await edit("one", { EDITOR: command });
    expect(result).toEqual({
      code: "EDITOR_FAILED",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
    const isKilled = command.startsWith("kill");
    expect(calls).toEqual(["lent", ...(isKilled ? ["reset"] : []), "back"]);
    expect(leftBehind()).toEqual([]);
  });
});

const notLent = () => ({ reset: () => {}, [Symbol.dispose]: () => {} });

test("what an editor that was killed has turned on is turned off", async () => {
  const killed = editor("kill -KILL $$");
  expect((await edit("one", { EDITOR: killed })).calls).toEqual(["lent", "reset", "back"]);
  expect((await edit("one", { EDITOR: `exec ${killed}` })).calls).toEqual([
    "lent",
    "reset",
    "back",
  ]);
  expect((await edit("one", { EDITOR: "false" })).calls).toEqual(["lent", "back"]);
});

test("it can be ended, also if it doesn't want to", async () => {
  for (const [command, why] of [
    ["READY; exec sleep 60; :", "SIGTERM"],
    ["trap '' TERM; READY; exec sleep 60; :", "SIGKILL"],
  ] as const) {
    const controller = new AbortController();
    const ready = join(folder, `ready to get ${why}`);
    const env = { EDITOR: command.replace("READY", `touch '${ready}'`) };
    const edited = editOutside("one", env, notLent, controller.signal);
    await until("the editor", () => existsSync(ready));
    controller.abort();
    // The program may be about to be killed.
    expect(leftBehind()).toEqual([]);
    expect(await edited.catch((error: unknown) => error)).toMatchObject({
      code: "EDITOR_FAILED",
      message: expect.stringContaining(`failed (${why})`),
    });
  }
  expect(leftBehind()).toEqual([]);
});

test("the file is gone once the text is taken", async () => {
  const log = join(folder, "path");
  await edit("one", { EDITOR: editor(`printf %s "$1" > ${log}`) });
  expect(existsSync(readFileSync(log, "utf8"))).toBe(false);
  expect(leftBehind()).toEqual([]);
});
