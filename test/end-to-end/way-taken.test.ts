// Which way a member takes to the server: in the events of --json and on the screen, and not in a pipe.

import { expect } from "bun:test";

import { formatInvitation, parseInvitation, type Way } from "../../src/identity/invitation.ts";
import { charla } from "../harness/in-process.ts";
import { endToEnd, testWith } from "../harness/peer-programs.ts";
import { openScreen, withoutTimes } from "../harness/screen.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";

/** A relay, a server that is registered there, and an invitation that names the relay alone. */
async function openPastRelay() {
  await using opened = new AsyncDisposableStack();
  const relay = opened.use(
    charla(["relay", "--bind", "127.0.0.1", "--port", "0", "--no-web", "--metrics", "0"]),
  );
  const [, port = ""] = await relay.until("stderr", /^relaying on 127\.0\.0\.1:(\d+)$/m);
  const [, counts = ""] = await relay.until("stderr", /^counts at (\S+)$/m);
  const name = `127.0.0.1:${port}`;
  const server = opened.use(
    await startSealedServer(["--bind", "127.0.0.1", "--relay", name, "-n", "ana"]),
  );
  await until("the registration", async () =>
    (await (await fetch(counts)).text()).includes("\ncharla_relay_servers 1\n"),
  );
  const past: Way = { kind: "relay", host: "127.0.0.1", port: Number(port) };
  const invitation = formatInvitation({ ...parseInvitation(server.invitation), ways: [past] });
  const all = opened.move();
  return { name, invitation, server, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

endToEnd("past a relay --json says so, and a pipe nothing, also with --verbose", async () => {
  await using past = await openPastRelay();
  await using ben = charla([past.invitation, "--name", "ben", "--stay", "--json"]);
  const [line = ""] = await ben.until("stdout", /^.*"type":"way".*$/m);
  expect(JSON.parse(line)).toEqual({
    type: "way",
    transport: "udp",
    relay: past.name,
    milliseconds: expect.any(Number),
  });
  await using eva = charla([past.invitation, "--name", "eva", "--stay", "-v"]);
  eva.type("hello\n");
  await eva.until("stderr", "delivered: hello\n");
  expect(eva.stdout + eva.stderr).not.toContain(past.name);
});

testWith(["tmux"], "past a relay the status line says so, and /way in a sentence", async () => {
  await using past = await openPastRelay();
  await using screen = await openScreen(140, 20);
  const enter = (text: string) => {
    screen.type(text);
    screen.press("Enter");
  };
  enter(`clear; charla -q -n ben '${past.invitation}'`);
  const status = `main  ben, ana  ok  through ${past.name} (encrypted end to end), # ms`;
  await screen.until("the way", (rows) => withoutTimes(rows).at(-1) === ` ${status}`);
  enter("/way");
  await screen.until("the answer", (rows) => rows.length === 4);
  const rows = (await screen.rows()).map((row) => row.replace(/\d+ ms/, "# ms"));
  expect(rows).toEqual([
    `   you reach the server through ${past.name}, by UDP; # ms there and back`,
    "   the relay can't read what is said: it is encrypted end to end",
    ">",
    ` ${status}`,
  ]);
});
