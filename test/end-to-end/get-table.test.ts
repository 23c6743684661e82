// The table of docs/http.md, "What comes, and what becomes of it": a server sends the bytes of each row, and `charla get` does
// what stands there.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { root } from "../harness/program.ts";
import { openRawServer } from "../harness/raw-server.ts";
import { until } from "../harness/until.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const [, table = ""] = readFileSync(join(root, "docs/http.md"), "utf8").split(
  "### What comes, and what becomes of it",
);
const rows = Array.from(
  table
    .split("\n### ")[0]
    ?.matchAll(/^\| (`[^`]*`|nothing) +\| (closes|resets|stays) +\| (.*?) +\|/gm) ?? [],
  ([, sent = "", then = "", becomes = ""]) => [sent, then, becomes] as const,
);

/** The bytes that a row stands for, one a character. */
function bytesOf(written: string): string {
  return (written === "nothing" ? "" : written.slice(1, -1))
    .replaceAll(/(?<=^|↵)OK(?=↵)/g, "HTTP/1.1 200 OK")
    .replaceAll("↵", "\r\n")
    .replaceAll("↓", "\n")
    .replaceAll("␀", "\0");
}

test("the table has its rows", () => {
  expect(rows.length).toBeGreaterThan(35);
});

test.each(rows)("%s, then the connection %s: %s", async (sent, then, becomes) => {
  using folder = newFolder();
  let isOver = false;
  const hasArrived = () => {
    return isOver || ["f", "f.part"].some((name) => existsSync(join(folder.path, name)));
  };
  await using server = await openRawServer(async (socket) => {
    socket.write(bytesOf(sent));
    if (then === "closes") return socket.end();
    // A reset takes with it what nobody has read yet.
    if (then === "resets") await until("the file", hasArrived);
    return then === "resets" ? socket.resetAndDestroy() : undefined;
  });
  const url = `127.0.0.1:${server.port}/f`;
  const { stderr, status } = await runCharla(["get", "-o", "f", url], { cwd: folder.path });
  isOver = true;
  const expected = becomes === "an empty file" ? "" : /^`(.*)`$/.exec(becomes)?.[1];
  if (expected !== undefined) {
    expect({ status, files: folder.list() }).toEqual({ status: 0, files: ["f"] });
    expect(folder.read("f")).toBe(expected);
    return;
  }
  const [error = ""] = /^charla: .*$/m.exec(stderr) ?? [];
  expect(error).toContain(becomes);
  expect({ status, isSaved: folder.list().includes("f") }).toEqual({ status: 1, isSaved: false });
});
