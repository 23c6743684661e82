// The unit tests of what joins, under Node.js: bundled, with ../on-node/bun-test.ts in place of bun:test.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { newFolder } from "../harness/folder.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { root, run } from "../harness/program.ts";

/** With the whole, half a minute of processor time. */
const FOLDERS = FULL_SIZE
  ? ["chat", "client", "identity", "net", "protocol"]
  : ["client/room-client.test.ts", "protocol/session/session.test.ts", "net/udp-socket.test.ts"];
/** What is no part of the library, or itself calls what Node.js 20 does not have. */
const LEFT_OUT = ["client/local-log", "client/server-view", "net/node-crypto"];
const TIMEOUT = 300_000;

const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts") && FOLDERS.some((folder) => path.startsWith(folder)))
  .filter((path) => !LEFT_OUT.some((name) => path.startsWith(name)));

test(
  "the unit tests of what joins pass under Node.js",
  async () => {
    using folder = newFolder();
    const built = await Bun.build({
      entrypoints: files.filter(runsEverywhere).map((path) => join(root, "test", path)),
      root: join(root, "test"),
      outdir: folder.path,
      naming: "[dir]/[name].mjs",
      target: "node",
      plugins: [
        {
          name: "bun:test",
          setup({ onResolve }) {
            const path = join(root, "test", "on-node", "bun-test.ts");
            onResolve({ filter: /^bun:test$/ }, () => ({ path }));
          },
        },
      ],
    });
    const programs = await Promise.all(
      built.outputs.map(async (output) => ({ path: output.path, text: await output.text() })),
    );
    // Those that use the harness of the end-to-end tests.
    const chosen = programs.filter(({ text }) => runsEverywhereText(text));
    const options = ["--test", "--test-concurrency=2", "--test-reporter=tap"];
    const { stdout, status } = await run(["node", ...options, ...chosen.map(({ path }) => path)]);
    const failed = stdout.split("\n").filter((line) => /^ *not ok /.test(line));
    expect(failed).toEqual([]);
    expect(status).toBe(0);
    const passed = Number(/^# pass (\d+)$/m.exec(stdout)?.[1]);
    expect(passed).toBeGreaterThan(FULL_SIZE ? 800 : 100);
  },
  TIMEOUT,
);

/** Uses nothing that Bun alone has. */
function runsEverywhere(path: string): boolean {
  return runsEverywhereText(readFileSync(join(root, "test", path), "utf8"));
}

function runsEverywhereText(text: string): boolean {
  return !/\bBun\.|"bun:(?!test")|\bspyOn\b|\bimport\.meta\.dir\b/.test(text);
}
