// WebSockets beside `charla --server`: its TCP port.

import { expect, setDefaultTimeout, test } from "bun:test";

import { charla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { charla as startProcess } from "../harness/program.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const SERVER = ["--server", "--ephemeral", "--bind", "127.0.0.1", "--json"];

/** What listens nowhere but on TCP. */
function takePort() {
  const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
  return { port: taken.port, [Symbol.dispose]: () => void taken.stop(true) };
}

test("charla --server takes WebSockets on the TCP port of its number, and none with --no-web", async () => {
  for (const [option, status] of [
    ["--json", 200],
    ["--no-web", null],
  ] as const) {
    // The page is in the program; from source it would be bundled for this.
    await using server = startProcess([...SERVER, "--port", "0", option]);
    const [, port] = await server.until("stdout", /"type":"listening","address":"[^"]*:(\d+)"/);
    const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    expect(response?.status ?? null).toBe(status);
  }
});

test("a port that another program has on TCP is reported, and the conversation goes on by UDP", async () => {
  using taken = takePort();
  await using server = charla([...SERVER, "--port", `${taken.port}`]);
  await server.until("stdout", '"type":"listening"');
  const [, notice = ""] = await server.until("stdout", /^(.*"code":"PORT_IN_USE".*)$/m);
  expect(JSON.parse(notice)).toMatchObject({
    type: "notice",
    message: `no WebSockets: 127.0.0.1:${taken.port} is in use by another program, on TCP; people without UDP can't join`,
    hint: "--port N chooses another port for both; --no-web goes without",
  });
});

test("with --no-web nothing is said of a TCP port that is in use", async () => {
  using taken = takePort();
  await using server = charla([...SERVER, "--port", `${taken.port}`, "--no-web"]);
  await server.until("stdout", '"type":"invitation"');
  server.signal("SIGTERM");
  await server.exited;
  expect(server.stdout).not.toContain("PORT_IN_USE");
});
