// A member by a WebSocket only, in a program of its own, and `charla --server`: under Bun, and under Node.js, which has another
// client; also past a proxy.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { newFolder } from "../harness/folder.ts";
import { testWithNode } from "../harness/node.ts";
import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { root, start } from "../harness/program.ts";
import { startSealedServerProcess } from "../harness/sealed-server.ts";
import { bundle } from "./run-tests.ts";

const MEMBER = "test/node/websocket-member.ts";
const SERVER = ["--bind", "127.0.0.1", "--ephemeral", "--json"];

/** @param env of the member */
async function talk(command: readonly string[], env: Record<string, string> = {}): Promise<void> {
  await using server = await startSealedServerProcess(SERVER);
  const url = `ws://127.0.0.1:${server.port}/`;
  await using member = start([...command, url, server.invitation], { env });
  await server.until("stdout", /"type":"message",[^\n]*"from":"ben"[^\n]*"text":"hola by TCP"/);
  server.type("hola Ben\n");
  await member.until("stdout", '"hola Ben"]');
  member.signal("SIGTERM");
  expect(await member.exited).toBe(0);
  await server.until("stdout", '"type":"left"');
}

test(
  "charla --server talks with a member who has only a WebSocket",
  () => talk([process.execPath, join(root, MEMBER)]),
  END_TO_END_TIMEOUT,
);

testWithNode("a member under Node.js talks by a WebSocket", async (node) => {
  using folder = newFolder();
  const [program = ""] = await bundle(folder, [MEMBER]);
  await talk([node, program]);
});

testWith(
  ["tinyproxy", "node"],
  "a member under Node.js talks past a proxy with a password",
  async () => {
    using folder = newFolder();
    const port = await reservePort();
    const config = join(folder.path, "tinyproxy.conf");
    writeFileSync(config, `Port ${port}\nListen 127.0.0.1\nMaxClients 20\nBasicAuth ana secr3t\n`);
    await using proxy = start(["tinyproxy", "-d", "-c", config]);
    await proxy.until("stdout", "Accepting connections");
    const [program = ""] = await bundle(folder, [MEMBER]);
    const proxyUrl = (password: string) => `http://ana:${password}@127.0.0.1:${port}`;
    await talk(["node", program], { ALL_PROXY: proxyUrl("secr3t") });
    await proxy.until("stdout", "CONNECT 127.0.0.1:");

    await using server = await startSealedServerProcess(SERVER);
    const url = `ws://127.0.0.1:${server.port}/`;
    await using refused = start(["node", program, url, server.invitation], {
      env: { ALL_PROXY: proxyUrl("wrong") },
    });
    await refused.until(
      "stdout",
      `no WebSocket to 127.0.0.1:${server.port} through the proxy 127.0.0.1:${port}: the proxy refuses: 401 `,
    );
  },
);
