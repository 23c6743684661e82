// `charla serve --manage` with clients of WebDAV that others have written: rclone and cadaver.

import { expect, setDefaultTimeout } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { newFolder } from "../harness/folder.ts";
import { END_TO_END_TIMEOUT, fullTestWith } from "../harness/peer-programs.ts";
import { run } from "../harness/program.ts";
import { startServing } from "../harness/served.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

/** Everything in a folder but the trash, with its content. */
const FILES = (folder: string) =>
  run([
    "sh",
    "-c",
    `cd ${folder} && find . -path ./.trash -prune -o -type f -print | sort | xargs -d '\\n' -r grep -H .`,
  ]);

fullTestWith(
  ["rclone"],
  "rclone copies a tree there and back, changes it, and checks that both are equal",
  async () => {
    using shared = newFolder();
    using local = newFolder();
    await using server = await startServing([shared.path, "--manage", "--auth", "ana:secret"]);
    mkdirSync(join(local.path, "sub", "zwei ü"), { recursive: true });
    local.write("one.txt", "one\n");
    local.write("sub/zwei ü/drei & <vier>.txt", "three\n");
    for (let at = 0; at < 30; at++) local.write(`sub/${at}`, `${at}\n`);
    const password = (await run(["rclone", "obscure", "secret"])).stdout.trim();
    async function rclone(...args: string[]): Promise<string> {
      const { stdout, stderr, status } = await run([
        "rclone",
        "--config=/dev/null",
        `--webdav-url=${server.url}`,
        "--webdav-user=ana",
        `--webdav-pass=${password}`,
        "--retries=1",
        ...args,
      ]);
      expect({ args, stderr: status === 0 ? "" : stderr, status }).toEqual({
        args,
        stderr: "",
        status: 0,
      });
      return stdout;
    }

    await rclone("sync", local.path, ":webdav:");
    expect((await FILES(shared.path)).stdout).toBe((await FILES(local.path)).stdout);
    local.write("one.txt", "changed\n");
    await run(["rm", "-r", join(local.path, "sub", "zwei ü")]);
    await rclone("sync", local.path, ":webdav:");
    await rclone("check", "--download", local.path, ":webdav:");
    expect((await FILES(shared.path)).stdout).toBe((await FILES(local.path)).stdout);
    // What was replaced and deleted is not lost.
    const trash = await run([
      "sh",
      "-c",
      `cat ${shared.path}/.trash/*/one.txt ${shared.path}/.trash/*/sub/*/*`,
    ]);
    expect(trash.stdout).toBe("one\nthree\n");

    await rclone("moveto", ":webdav:one.txt", ":webdav:sub/moved ö.txt");
    await rclone("copyto", ":webdav:sub/moved ö.txt", ":webdav:copy.txt");
    expect(await rclone("cat", ":webdav:copy.txt")).toBe("changed\n");
    expect((await rclone("lsf", ":webdav:")).split("\n").toSorted()).toEqual([
      "",
      "copy.txt",
      "sub/",
    ]);
    await rclone("purge", ":webdav:sub");
    expect(readdirSync(shared.path).toSorted()).toEqual([".trash", "copy.txt"]);
  },
);

fullTestWith(["cadaver"], "cadaver lists, uploads, moves, copies and deletes", async () => {
  using shared = newFolder();
  using local = newFolder();
  local.write("one.txt", "one");
  await using server = await startServing([shared.path, "--manage"]);
  const commands = [
    "mkcol made",
    `put ${join(local.path, "one.txt")}`,
    "move one.txt made/moved.txt",
    "copy made/moved.txt copy.txt",
    "ls made",
    "propget copy.txt",
    "mkcol gone",
    "rmcol gone",
    "delete made/moved.txt",
    "quit",
  ];
  local.write("commands", `${commands.join("\n")}\n`);
  const { stdout } = await run([
    "sh",
    "-c",
    `cadaver ${server.url}/ < ${join(local.path, "commands")} 2>&1`,
  ]);
  expect(stdout.match(/succeeded/g)).toHaveLength(8);
  expect(stdout).not.toMatch(/failed|Could not|error/i);
  expect(stdout).toContain("DAV: getcontentlength = 3");
  expect(shared.list()).toEqual([".trash", "copy.txt", "made"]);
  expect(shared.read("copy.txt")).toBe("one");
});
