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

/** The longest invitation to an IPv4 address takes 120. */
const COLUMNS = 130;

/** What differs from one run to the next, and from machine to machine. */
const VARYING: readonly [what: RegExp, name: string][] = [
  [/charla:\/\/[^\s']+/g, "INVITATION"],
  [/SHA256:[\w+/]{43}/g, "FINGERPRINT"],
  [/\[::\]:\d+/g, "[::]:PORT"],
  [/\b\d+\.\d+\.\d+\.\d+:\d+/g, "ADDRESS:PORT"],
];

function withoutVarying(rows: readonly string[]): string[] {
  return rows.map((row) =>
    VARYING.reduce((text, [what, name]) => text.replaceAll(what, name), row),
  );
}

/** The command that a block begins with, after its `name$ `. */
function commandOf(block: readonly string[]): string {
  return block[0]?.replace(/^\w+\$ /, "") ?? "";
}

function enter(screen: Screen, line: string): void {
  screen.type(line);
  screen.press("Enter");
}

const isTold = (row: string) => (rows: string[]) => rows.includes(row);

/** What a program has printed behind `prefix`, once it has. */
async function printedAfter(screen: Screen, prefix: string): Promise<string> {
  const rows = await screen.until(prefix, (shown) => shown.some((row) => row.startsWith(prefix)));
  return rows.find((row) => row.startsWith(prefix))?.slice(prefix.length) ?? "";
}

testWith(["tmux", "ncat"], "README's demo prints what README says it prints", async () => {
  const [ana = [], ben = [], receiving = [], sending = []] = blocks("README.md", "console");
  await using one = await openScreen(COLUMNS);
  await using other = await openScreen(COLUMNS);

  // On a free port: another conversation may be open on this machine.
  enter(one, `clear; ${commandOf(ana)} --port 0`);
  const invitation = await printedAfter(one, "invite with: charla ");
  enter(other, `clear; ${commandOf(ben).replace(/charla:\/\/\S+/, invitation)}`);
  await other.until("Ben joining", (rows) => rows.at(-1) === ">");
  await one.until("Ben", (rows) => rows.some((row) => row.includes(" joined")));
  // Ben's block has all that either says, in order.
  for (const row of ben) {
    if (/^[<>] /.test(row)) enter(row.startsWith(">") ? other : one, row.slice(2));
    if (row.startsWith("> ")) await one.until("Ben's words", isTold(`< ${row.slice(2)}`));
    if (row.startsWith("< ")) await other.until("Ana's words", isTold(row));
    // Before the next is said: a line stands where it was typed only once it has arrived.
    if (row.startsWith("< ")) await one.until("that they arrived", isTold(`> ${row.slice(2)}`));
  }
  const benSaw = await other.until("Ben's end", (rows) => rows.at(-1) === "$");
  const anaSaw = await one.until("Ana's last line", (rows) =>
    withoutVarying(rows).includes(withoutVarying(ana).at(-1) ?? ""),
  );
  expect(withoutVarying(anaSaw.slice(0, -1))).toEqual(withoutVarying(ana.slice(1)));
  expect(withoutVarying(benSaw.slice(0, -1))).toEqual(withoutVarying(ben.slice(1)));
  one.press("C-d");
  await one.until("Ana's shell", (rows) => rows.at(-1) === "$");
  enter(one, "clear");
  await one.until("an empty screen", (rows) => rows.join() === "$");

  enter(one, `clear; ${commandOf(receiving)} --port 0`);
  const port = await printedAfter(one, "listening on [::]:");
  enter(other, `clear; ${commandOf(sending).replace(/\b12345\b/, port)}`);
  const received = await one.until("the message", (rows) => rows.at(-1) === "$");
  expect(withoutVarying(received.slice(0, -1))).toEqual(withoutVarying(receiving.slice(1)));
});

const printed = [
  "ben said hello\nben said bye\n",
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
