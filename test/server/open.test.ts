// A server in this program, and the signal that closes it.

import { expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { getEventListeners, once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { joinRoom } from "../../src/client/join-room.ts";
import { openSqliteLog, openSqliteReader } from "../../src/log/sqlite-log.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { type InvitationStore, NO_INVITATION_STORE } from "../../src/server/invitations-file.ts";
import { isOwnHost, open } from "../../src/server/open.ts";
import type { Server } from "../../src/server/server.ts";
import { reservePort } from "../harness/ports.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { rejection } from "../net/rejection.ts";
import { entered, openHere, shownTo } from "./served.ts";

const local = { bind: "127.0.0.1" };

/** How many listeners are on a signal. */
const listenersOn = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

test("a signal that aborts closes the server, and frees its port and its folder", async () => {
  using folder = temporaryFolder();
  const controller = new AbortController();
  const { signal } = controller;
  const port = await reservePort();
  const server = await open({ ...local, port, data: folder.path, signal });
  const ann = joinRoom(server.invitation("main"), { name: "Ann", room: "main" });
  const seen = shownTo(ann);
  await entered(seen);
  controller.abort();
  await server.closed;
  await server.close();
  await until("the end", () => seen.shown.some(({ type }) => type === "disconnected"));
  await ann.leave();
  await seen.ended;
  expect(seen.shown.at(-1)).toMatchObject({ type: "ended", reason: "left" });
  expect(listenersOn(signal)).toBe(0);
  await using again = await open({ ...local, port, data: folder.path });
  expect(again.local.port).toBe(port);
});

test("a server without a folder ends the conversation for the people of its invitations, and others wait", async () => {
  const port = await reservePort();
  const server = await open({ ...local, port, authorized: () => true });
  const invitation = server.invitation("main");
  const ann = joinRoom(invitation, { name: "Ann", room: "main" });
  const withoutSecret = invitation.replace(/\.[^.]+$/, "");
  const bob = joinRoom(withoutSecret, { name: "Bob", room: "main" });
  const seen = [ann, bob].map(shownTo);
  for (const each of seen) await entered(each);
  expect(server.countOthers()).toEqual({ waiting: 1, leaving: 1 });
  await server.close();
  expect(server.countOthers()).toEqual({ waiting: 0, leaving: 0 });
  const [ended, waiting] = seen;
  await ended?.ended;
  expect(ended?.shown.slice(-2)).toEqual([
    {
      type: "notice",
      code: "SERVER_SAYS",
      message: "the server was stopped, and has kept nothing",
    },
    { type: "ended", reason: "peer-left", unsaid: [] },
  ]);
  await until("the wait", () =>
    Boolean(
      waiting?.shown.some(
        (event) =>
          event.type === "disconnected" && event.message.includes("the server was stopped"),
      ),
    ),
  );
  await bob.leave();
});

/** The reset that a server answers to a packet of a session that it does not have, as hex. */
async function resetOf({ local: { port } }: Server): Promise<string> {
  const socket = createSocket("udp4");
  const answered = once(socket, "message");
  socket.send(new Uint8Array(30).fill(0xfc, 0, 1), port, "127.0.0.1");
  const [reset] = await answered;
  socket.close();
  return reset.toString("hex");
}

test("a server on the same data folder resets the sessions of the one before, and no other server does", async () => {
  using folder = temporaryFolder();
  using otherFolder = temporaryFolder();
  const identity = generateKeyPair(new Uint8Array(32).fill(8));
  const resetWith = async (data?: string) => {
    await using server = await open({ ...local, identity, data });
    return await resetOf(server);
  };
  const before = await resetWith(folder.path);
  expect(before).toHaveLength(2 * 25);
  expect(await resetWith(folder.path)).toBe(before);
  expect(await resetWith(otherFolder.path)).not.toBe(before);
  const inMemory = await resetWith();
  expect(inMemory).not.toBe(before);
  expect(await resetWith()).not.toBe(inMemory);
});

test("a server that is closed leaves no listener on the signal", async () => {
  const { signal } = new AbortController();
  for (let count = 0; count < 3; count += 1) {
    const server = await open({ ...local, signal });
    expect(listenersOn(signal)).toBe(1);
    await server.close();
    await server.close();
    expect(listenersOn(signal)).toBe(0);
  }
});

test("a server that cannot be opened leaves no listener on the signal", async () => {
  await using first = await open(local);
  const { signal } = new AbortController();
  const { port } = first.local;
  expect(await rejection(open({ ...local, port, signal }))).toMatchObject({ code: "PORT_IN_USE" });
  expect(listenersOn(signal)).toBe(0);
});

test("a signal that aborts before the server is open makes that fail with its reason", async () => {
  using folder = temporaryFolder();
  const reason = new Error("never mind");
  expect(await rejection(open({ ...local, signal: AbortSignal.abort(reason) }))).toBe(reason);
  const controller = new AbortController();
  const { signal } = controller;
  const opening = open({ ...local, data: folder.path, signal });
  controller.abort(reason);
  expect(await rejection(opening)).toBe(reason);
  expect(listenersOn(signal)).toBe(0);
  // Its folder is free.
  await using _ = await open({ ...local, data: folder.path });
});

/** Stores no invitation any more: a guest who is to be stored makes closing fail. */
const failure = new Error("the disk is gone");
const failingStore: InvitationStore = {
  ...NO_INVITATION_STORE,
  save() {
    throw failure;
  },
};

test("a server that fails to close says so to those who await its end, and to those who close it", async () => {
  const server = await openHere({ invitations: failingStore });
  const ann = joinRoom(server.invitation("main"), { name: "Ann", room: "main" });
  const seen = shownTo(ann);
  await entered(seen);
  expect(await rejection(server.close())).toBe(failure);
  expect(await rejection(server.closed)).toBe(failure);
  await ann.leave();
  await seen.ended;
});

test("a server that can't have its port deletes no message", async () => {
  using folder = temporaryFolder();
  const texts = async () => {
    await using log = await openSqliteLog({ folder: folder.path, now: Date.now, quota: 1e9 });
    return (await log.readLast("main", 10)).map(({ text }) => text);
  };
  {
    await using log = await openSqliteLog({ folder: folder.path, now: () => 1_000, quota: 1e9 });
    const draft = { author: "key of Ann", name: "Ann", device: "d".repeat(22) };
    for (const number of [1, 2]) await log.append("main", { ...draft, number, text: "hello" });
  }
  await using first = await open(local);
  const { port } = first.local;
  const again = open({ ...local, port, data: folder.path, keep: { time: 1_000 } });
  expect(await rejection(again)).toMatchObject({ code: "PORT_IN_USE" });
  expect(await texts()).toEqual(["hello", "hello"]);
});

test("a server that can't have its port leaves no store where there was none, and an empty one as it was", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "log.sqlite");
  await using first = await open(local);
  const { port } = first.local;
  const again = () => open({ ...local, port, data: folder.path });
  expect(await rejection(again())).toMatchObject({ code: "PORT_IN_USE" });
  expect(existsSync(path)).toBe(false);
  expect(await rejection(openSqliteReader(folder.path))).toMatchObject({ code: "STORE_MISSING" });
  await (await open({ ...local, data: folder.path })).close();
  expect(await rejection(again())).toMatchObject({ code: "PORT_IN_USE" });
  expect(existsSync(path)).toBe(true);
});

test("an address, and a name that no other name server answers for, is this machine's own", () => {
  const own = ["Mesa", undefined, "chat.example"];
  for (const host of ["192.168.1.5", "[fd00::2]", "localhost", "mesa.local", "a.localhost"])
    expect(isOwnHost(host, own)).toBe(true);
  expect(isOwnHost("mesa", own)).toBe(true);
  expect(isOwnHost("chat.example", own)).toBe(true);
  expect(isOwnHost("attacker.example", own)).toBe(false);
  expect(isOwnHost("localhost.attacker.example", own)).toBe(false);
  expect(isOwnHost("192.168.1.5.attacker.example", own)).toBe(false);
});
