// A conversation in which one end runs under Node.js with the library that npm would install, and the other is charla
// itself: through a network that loses datagrams, and a restart of the server.

import { afterAll, beforeAll, expect } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";

import { newFolder } from "../harness/folder.ts";
import { type LibraryFolder, newLibraryFolder } from "../harness/library.ts";
import { openLossyRelay } from "../harness/lossy-relay.ts";
import { testWithNode, testWithStoringNode } from "../harness/node.ts";
import { newPerson } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { charla, type Program, run, start } from "../harness/program.ts";
import { startSealedServerProcess } from "../harness/sealed-server.ts";
import { eventTexts, parseEvents } from "../relay/two-ends.ts";

/** Messages of each end, half of them before the restart. */
const COUNT = 50;

/** With the programs of both tests. */
let library: LibraryFolder;
beforeAll(async () => {
  library = await newLibraryFolder();
  for (const name of ["member.mjs", "server.mjs"])
    copyFileSync(join(import.meta.dirname, name), join(library.path, name));
});
afterAll(() => library[Symbol.dispose]());

const linesOf = (author: string) =>
  Array.from({ length: COUNT }, (_, number) => `${author} says ${number}`);
const [anas, bens] = [linesOf("ana"), linesOf("ben")];

function say(end: Program, lines: readonly string[]): void {
  end.type(lines.map((line) => `${line}\n`).join(""));
}

async function untilDelivered(end: Program, lines: readonly string[]): Promise<void> {
  await end.until("stdout", new RegExp(`"type":"delivered",[^\n]*"text":"${lines.at(-1)}"`));
}

async function untilReceived(end: Program, lines: readonly string[]): Promise<void> {
  await end.until("stdout", new RegExp(`"type":"message",[^\n]*"text":"${lines.at(-1)}"`));
}

/** What was received of ben, by its number in the log: a program that starts again shows what it has shown. */
function receivedBy(...programs: readonly Program[]): string[] {
  const messages = programs.flatMap((program) =>
    parseEvents(program).filter(({ type, from }) => type === "message" && from === "ben"),
  );
  const bySequence = new Map(messages.map(({ sequence = 0, text = "" }) => [sequence, text]));
  return Array.from(bySequence)
    .toSorted(([one], [other]) => one - other)
    .map(([, text]) => text);
}

/**
 * Both ends say half of their messages, the server is killed, the member says the rest, and the server is started again.
 *
 * @returns the program of the server that was started again, once everything is delivered
 */
async function talkThroughRestart(
  server: Program,
  member: Program,
  restart: () => Promise<Program>,
): Promise<Program> {
  const [firstOfAna, firstOfBen] = [anas.slice(0, COUNT / 2), bens.slice(0, COUNT / 2)];
  say(server, firstOfAna);
  say(member, firstOfBen);
  await untilDelivered(server, firstOfAna);
  await untilDelivered(member, firstOfBen);

  server.signal("SIGKILL");
  expect(await server.exited).toBe(137);
  say(member, bens.slice(COUNT / 2));
  const again = await restart();
  say(again, anas.slice(COUNT / 2));
  await untilDelivered(again, anas);
  await untilDelivered(member, bens);
  await untilReceived(member, anas);
  await untilReceived(again, bens);
  return again;
}

/** Once all of them have ended. */
function expectEverything(member: Program, servers: readonly Program[]): void {
  expect(eventTexts(member, "message")).toEqual(anas);
  expect(eventTexts(member, "delivered")).toEqual(bens);
  expect(receivedBy(...servers)).toEqual(bens);
}

testWithNode(
  "a member under Node.js talks with charla --server through loss and a restart, and nothing is lost or doubled",
  async (node) => {
    using ana = newPerson();
    await using stack = new AsyncDisposableStack();
    const args = ["--bind", "127.0.0.1", "--port", `${await reservePort()}`, "--json"];
    const server = stack.use(await startSealedServerProcess(args, { as: ana }));
    const to = { address: "127.0.0.1", port: Number(server.port) };
    const relay = stack.use(await openLossyRelay({ seed: 4, loss: 0.1, jitter: 2, server: to }));
    const invitation = server.invitation.replace(`:${server.port}/`, `:${relay.port}/`);
    const member = stack.use(start([node, "member.mjs", invitation, "ben"], { cwd: library.path }));
    await member.until("stdout", '"type":"entered"');
    const again = await talkThroughRestart(server, member, async () =>
      stack.use(await startSealedServerProcess(args, { as: ana })),
    );
    member.signal("SIGTERM");
    expect(await member.exited).toBe(0);
    expect(member.stderr).toBe("");
    expectEverything(member, [server, again]);
  },
);

testWithNode("a Node.js that is too old for a server says which one it needs", async (node) => {
  library.write(
    "open.mjs",
    `import { open } from "charla/server";
     const opened = await open({ bind: "127.0.0.1", data: "data" }).catch((error) => error);
     console.log([process.versions.node, opened.code, opened.message, opened.hint].join("\\n"));
     await opened.close?.();`,
  );
  const { stdout, status } = await run([node, "open.mjs"], { cwd: library.path });
  const [version = "", ...said] = stdout.trimEnd().split("\n");
  expect(status).toBe(0);
  if (Number.parseInt(version, 10) < 22) {
    expect(said).toEqual([
      "RUNTIME_TOO_OLD",
      `a server needs Node.js 22, and this is ${version}`,
      "use Node.js 22.16 or newer, or Bun; to join a conversation, Node.js 20.4 is enough",
    ]);
  } else if (said.length > 0) {
    // Without an SQLite that has full-text search.
    expect(said[0]).toBe("RUNTIME_TOO_OLD");
  }
});

testWithStoringNode(
  "a server under Node.js, with its log on the disk, is restarted, and charla's member loses nothing",
  async (node) => {
    using data = newFolder();
    await using stack = new AsyncDisposableStack();
    const key = "5e".repeat(32);
    const port = `${await reservePort()}`;
    const serve = async () => {
      const server = stack.use(
        start([node, "server.mjs", data.path, port, key], { cwd: library.path }),
      );
      const [invitation] = await server.until("stderr", /charla:\/\/[^\s]+/);
      return { server, invitation };
    };
    const { server, invitation } = await serve();
    const member = stack.use(charla([invitation, "--json", "--stay", "-n", "ben"]));
    await member.until("stdout", '"type":"entered"');
    const again = await talkThroughRestart(server, member, async () => (await serve()).server);
    again.signal("SIGTERM");
    expect(await again.exited).toBe(0);
    member.signal("SIGTERM");
    expect(await member.exited).toBe(0);
    expectEverything(member, [server, again]);
  },
);
