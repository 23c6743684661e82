// A server in this program, and the signal that closes it.

import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";

import { joinRoom } from "../../src/client/join-room.ts";
import { open } from "../../src/server/open.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { rejection } from "../net/rejection.ts";
import { entered, shownTo } from "./served.ts";

const local = { bind: "127.0.0.1" };

/** How many listeners are on a signal. */
const listenersOn = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

test("a signal that aborts closes the server, and frees its port and its folder", async () => {
  using folder = temporaryFolder();
  const controller = new AbortController();
  const { signal } = controller;
  const server = await open({ ...local, data: folder.path, signal });
  const ann = joinRoom(server.invitation("main"), { name: "Ann", room: "main" });
  const seen = shownTo(ann);
  await entered(seen);
  controller.abort();
  await seen.ended;
  await server.close();
  expect(seen.shown.at(-1)).toMatchObject({ type: "ended" });
  expect(listenersOn(signal)).toBe(0);
  const { port } = server.local;
  await using again = await open({ ...local, port, data: folder.path });
  expect(again.local.port).toBe(port);
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
