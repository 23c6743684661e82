// Run in network and mount namespaces of its own, with a file of its own in place of /etc/hosts, by network-errors.test.ts: a server and its client, and rules of the kernel
// (ip-rule(8)) that forbid to send to the server for a while. Prints what became of it as JSON.

import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import type { PlainEvent } from "../../src/chat/events.ts";
import { connect, connectToFirst } from "../../src/client/connect.ts";
import type { ConnectOptions } from "../../src/client/join-attempt.ts";
import { joinPlain, openPlain } from "../../src/client/plain-conversation.ts";
import { CharlaError } from "../../src/errors.ts";
import { secretToPsk } from "../../src/identity/invitation.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { respondWith } from "../../src/protocol/responder.ts";
import { until } from "../harness/until.ts";

const HOST = "10.9.9.9";
/** Where nobody may send to, from the beginning. */
const BLOCKED = { address: "10.9.9.10", port: 9 };
/** Free in a network namespace of its own. */
const PLAIN_PORT = 12_345;
const SECRET = new Uint8Array(16).fill(4);
const SERVER = generateKeyPair(new Uint8Array(32).fill(2));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function ip(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["ip", ...command]);
  if (exitCode !== 0) throw new Error(`ip ${command.join(" ")}: ${stderr.toString()}`);
}

ip("link", "set", "lo", "up");
ip("address", "add", `${HOST}/32`, "dev", "lo");
// Before the table of local addresses there has to be room for another rule.
ip("rule", "add", "pref", "10", "lookup", "local");
ip("rule", "del", "pref", "0");
ip("rule", "add", "pref", "5", "to", BLOCKED.address, "prohibit");

const options: ConnectOptions = {
  staticKeys: generateKeyPair(new Uint8Array(32).fill(1)),
  secret: SECRET,
  trust: {
    expected: SERVER.publicKey,
    refused: () => new CharlaError("SERVER_KEY_CHANGED", "another server", "ask"),
  },
};
const heard: string[] = [];
const server = await openSealedSocket({
  bind: HOST,
  port: 0,
  staticKeys: SERVER,
  respond: respondWith({ admission: secretToPsk(SECRET) }),
  onJoined: () => ({ onMessages: (messages) => void heard.push(...messages.map(text)) }),
});

/** While `during` runs, the kernel refuses to send to the server. */
async function refuse(kind: string, during: () => Promise<void>): Promise<void> {
  ip("rule", "add", "pref", "6", "to", HOST, kind);
  await during();
  ip("rule", "del", "pref", "6");
}

/** The texts of the messages that an end shows, as they come. */
function textsOf(events: AsyncIterable<PlainEvent>): string[] {
  const texts: string[] = [];
  void (async () => {
    for await (const event of events) if (event.type === "message") texts.push(event.text);
  })();
  return texts;
}

const given = performance.now();
const describe = (error: unknown) => ({
  error: error instanceof CharlaError ? [error.code, error.message, error.hint] : String(error),
  // Some 8 s.
  waited: performance.now() - given > 7_900 && performance.now() - given < 20_000,
});
const neverReached = connectToFirst([BLOCKED], options).catch(describe);
// No name server answers here.
const neverFound = connect([{ kind: "direct", host: "nobody.example", port: 9 }], options).catch(
  describe,
);
const both = connectToFirst([BLOCKED, server.local], options);

const looking = connect(
  [{ kind: "direct", host: "server.example", port: server.local.port }],
  options,
);
await delay(100);
writeFileSync("/etc/hosts", `${HOST} server.example\n`);
const found = await looking;
await found.socket.close();

const { link, socket } = await connectToFirst([server.local], options);
link.receive({ onMessages() {} });
let ended: unknown = null;
void link.ended.then((end) => (ended = end));
const sessions: Record<string, boolean> = {};
const joins: Record<string, boolean> = {};
for (const kind of ["prohibit", "unreachable", "blackhole"]) {
  await refuse(kind, async () => {
    void link.say(new TextEncoder().encode(kind));
    await delay(300);
  });
  sessions[kind] = (await link.arrived()) && ended === null;

  let joining: ReturnType<typeof connectToFirst> | undefined;
  await refuse(kind, async () => {
    joining = connectToFirst([server.local], options);
    await delay(300);
  });
  const joined = await joining;
  joins[kind] = joined !== undefined;
  await joined?.socket.close();
}
await socket.close();

// The plain wire: the peer has been heard, and stays although a message could not be sent.
const bare = await openPlain({ bind: HOST, port: PLAIN_PORT });
const plain = await joinPlain({ host: HOST, port: PLAIN_PORT });
const shown = { bare: textsOf(bare.events), plain: textsOf(plain.events) };
await plain.say("hello");
await until("hello", () => shown.bare.includes("hello"));
await bare.say("welcome");
await until("welcome", () => shown.plain.includes("welcome"));
let plainError: unknown = null;
await refuse("prohibit", async () => {
  plainError = await plain.say("lost").catch((error: CharlaError) => error.code);
});
await plain.say("again");
await until("again", () => shown.bare.includes("again"));
await plain.leave();
await bare.leave();

const beside = await both;
const besideAnother = beside.link.peer.address;
await beside.socket.close();
await server.close();
console.log(
  JSON.stringify({
    heard,
    sessions,
    joins,
    besideAnother,
    plain: { shown, error: plainError },
    found: found.link.peer.address,
    never: [await neverReached, await neverFound],
  }),
);
