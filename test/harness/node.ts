// The Node.js that tests run under: those that `.ci/run` names in CHARLA_TEST_NODE_22, or that are in PATH.

import { test } from "bun:test";
import { spawnSync } from "node:child_process";

import { END_TO_END_TIMEOUT } from "./peer-programs.ts";

/** What joins runs there: the first with Symbol.asyncDispose. */
const NODE_OF_MEMBERS = [20, 4];
/** With an SQLite that has full-text search (log/sqlite/sqlite-connection.node.ts). */
const NODE_WITH_STORE = [22, 16];

/** The path of a Node.js of this version or newer; null if there is none on this machine. */
function findNode(names: readonly (string | undefined)[], [major = 0, minor = 0]: number[]) {
  for (const name of names) {
    if (name === undefined || name === "") continue;
    const { stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
    const [, found, foundMinor] = /^v(\d+)\.(\d+)\./.exec(stdout ?? "") ?? [];
    const [first, second] = [Number(found), Number(foundMinor)];
    if (first > major || (first === major && second >= minor)) return name;
  }
  return null;
}

/** A test that needs a Node.js that can join a conversation; skipped where there is none. */
export function testWithNode(
  title: string,
  body: (node: string) => Promise<void>,
  timeout = END_TO_END_TIMEOUT,
): void {
  const node = findNode(["node"], NODE_OF_MEMBERS);
  if (node === null) test.skip(`${title} (no Node.js 20.4 or newer on this machine)`, () => {});
  else test(title, () => body(node), timeout);
}

/** A test that needs a Node.js with which a server can store its log; skipped where there is none. */
export function testWithStoringNode(
  title: string,
  body: (node: string) => Promise<void>,
  timeout = END_TO_END_TIMEOUT,
): void {
  const node = findNode([process.env["CHARLA_TEST_NODE_22"], "node"], NODE_WITH_STORE);
  if (node === null) test.skip(`${title} (no Node.js 22.16 or newer on this machine)`, () => {});
  else test(title, () => body(node), timeout);
}
