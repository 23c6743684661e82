// What the documents show is what happens: README's demo on two real terminals, and the examples of
// docs/library.md as programs.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { root, run } from "../harness/program.ts";
import { openScreen, type Screen } from "../harness/screen.ts";

function blocks(path: string, language: string): string[][] {
  const text = readFileSync(join(root, path), "utf8");
  const found = text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, "gms"));
  return Array.from(found, ([, block = ""]) => block.split("\n"));
}

/** Types the command that a block begins with, after its `name$ `. */
function enterCommand(screen: Screen, block: readonly string[]): void {
  const command = block[0]?.replace(/^\w+\$ /, "") ?? "";
  screen.type(`clear; ${command}`);
  screen.press("Enter");
}

/** Ports that the system chose differ from time to time. */
function withoutPorts(rows: readonly string[]): string[] {
  return rows.map((row) => row.replaceAll(/127\.0\.0\.1:\d{4,5}(?=$| joined)/g, "127.0.0.1:PORT"));
}

testWith(["tmux", "ncat"], "README's demo prints what README says it prints", async () => {
  const [ana = [], ben = [], receiving = [], sending = []] = blocks("README.md", "console");
  await using one = await openScreen(90);
  await using other = await openScreen(90);

  enterCommand(one, ana);
  await one.until("Ana listening", (rows) => rows.at(-1) === ">");
  enterCommand(other, ben);
  await other.until("Ben joining", (rows) => rows.at(-1) === ">");
  other.type(ben.find((line) => line.startsWith("> "))?.slice(2) ?? "");
  other.press("Enter");
  await one.until("Ben's words", (rows) => rows.includes("< hello Ana, are you there?"));
  one.type(ana.find((line) => line.startsWith("> "))?.slice(2) ?? "");
  one.press("Enter");
  await other.until("Ana's words", (rows) => rows.some((row) => row.startsWith("< I am.")));
  other.type("bye");
  other.press("Enter");
  const anaSaw = await one.until("Ana's end", (rows) => rows.at(-1) === "$");
  const benSaw = await other.until("Ben's end", (rows) => rows.at(-1) === "$");
  expect(withoutPorts(anaSaw.slice(0, -1))).toEqual(withoutPorts(ana.slice(1)));
  expect(withoutPorts(benSaw.slice(0, -1))).toEqual(withoutPorts(ben.slice(1)));

  enterCommand(one, receiving);
  await one.until("Ana listening again", (rows) => rows.at(-1) === "listening on [::]:12345");
  enterCommand(other, sending);
  const received = await one.until("the message", (rows) => rows.at(-1) === "$");
  expect(withoutPorts(received.slice(0, -1))).toEqual(withoutPorts(receiving.slice(1)));
});

const printed = [
  "they said hello\nthey said bye\nit is over: heard-bye\n",
  "asked: how are you?\nanswered: true\n",
];
for (const [index, example] of blocks("docs/library.md", "ts").entries()) {
  test(
    `example ${index + 1} of docs/library.md runs`,
    async () => {
      const ended = await run([process.execPath, "-e", example.join("\n")]);
      expect(ended).toEqual({ stdout: printed[index] ?? "", stderr: "", status: 0 });
    },
    END_TO_END_TIMEOUT,
  );
}
