// What happens in a conversation while an editor of the person's own has the terminal.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { until } from "../harness/until.ts";
import { openVirtualStage, type VirtualStage } from "./stage.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "charla-lent-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let editors = 0;

/** A conversation whose line is being edited, by an editor that ends when it is told to. */
async function openEdited() {
  const base = join(folder, `${(editors += 1)}`);
  const [program, running, done] = [`${base}.sh`, `${base}.running`, `${base}.done`];
  writeFileSync(
    program,
    [
      "#!/bin/sh",
      `: > '${running}'`,
      // Not for ever, should the test fail.
      "tries=0",
      `until [ -e '${done}' ] || [ $tries -ge 300 ]; do sleep 0.02; tries=$((tries + 1)); done`,
      'echo edited > "$1"',
      "",
    ].join("\n"),
  );
  chmodSync(program, 0o700);
  const stage: VirtualStage = openVirtualStage({ env: { EDITOR: `exec ${program}` } });
  await stage.until("the prompt", (rows) => rows.some((row) => row.startsWith(">")));
  stage.type("draft");
  stage.press("C-x", "C-e");
  await until("the editor", () => existsSync(running));
  return { stage, finish: () => writeFileSync(done, "") };
}

const message = (text: string) => ({ type: "message", from: "192.0.2.1:5000", text }) as const;
const shows = (text: string) => (rows: string[]) => rows.some((row) => row.includes(text));

test("messages wait, however many they are, and are shown afterwards", async () => {
  const { stage, finish } = await openEdited();
  await using _ = stage;
  expect(stage.isRaw()).toBe(false);
  const before = stage.written();
  for (let number = 0; number < 500; number += 1) stage.emit(message(`message ${number}`));
  finish();
  await stage.until("the text", shows("> edited"));
  expect(stage.writtenBefore()).toBe(before);
  expect(stage.isRaw()).toBe(true);
  await stage.until("the last message", shows("message 499"));
  expect(stage.allRows().filter((row) => row.includes("message "))).toHaveLength(500);
});

test("the end of the conversation is shown afterwards", async () => {
  const { stage, finish } = await openEdited();
  await using _ = stage;
  const before = stage.written();
  stage.emit({ type: "ended", reason: "peer-left", unsaid: [] });
  finish();
  expect(await stage.exited).toBe(0);
  expect(stage.writtenBefore()).toBe(before);
  await stage.until("the end", shows("the conversation is over"));
  expect(stage.isRaw()).toBe(false);
});

test("SIGINT is the editor's", async () => {
  const { stage, finish } = await openEdited();
  await using _ = stage;
  stage.signal("SIGINT");
  finish();
  await stage.until("the text", shows("> edited"));
  stage.enter("!");
  await stage.received(1);
  expect(stage.sent).toEqual(["edited!"]);
});

test("SIGTERM ends the editor and the conversation", async () => {
  const { stage } = await openEdited();
  await using _ = stage;
  stage.signal("SIGTERM");
  expect(await stage.exited).toBe(0);
  expect(stage.isRaw()).toBe(false);
});

test("keys that came together with those that open an editor open no second one", async () => {
  const folderOfRuns = mkdtempSync(join(folder, "runs-"));
  const editor = `sh -c 'mktemp "${folderOfRuns}/run-XXXXXX" >/dev/null; sleep 0.2' `;
  const stage: VirtualStage = openVirtualStage({ env: { EDITOR: editor } });
  await using _ = stage;
  await stage.until("the prompt", (rows) => rows.some((row) => row.startsWith(">")));
  stage.type("draft\x18\x05\x18\x05\x0c");
  await until("the editor", () => readdirSync(folderOfRuns).length > 0);
  await stage.until("the line", shows("> draft"));
  expect(stage.isRaw()).toBe(true);
  expect(readdirSync(folderOfRuns)).toHaveLength(1);
});
