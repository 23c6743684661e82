// The link of the page that a server serves. Under Bun alone: Node.js serves none.

import { expect, test } from "bun:test";

import { converseWith } from "../../src/cli/owner-window.ts";
import { memoryDevice } from "../../src/client/device.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { open } from "../../src/server/open.ts";
import { reservePort } from "../harness/ports.ts";
import { entered, shownTo } from "./served.ts";

const local = { bind: "127.0.0.1" };

const page = () => new Response("the page");

test("the page's link names the server, and there is none without a page", async () => {
  const port = await reservePort();
  {
    await using server = await open({ ...local, port, web: true, page });
    const end = server.invitation("lunch").replace(/^[^#]*/, "");
    expect(server.pageLink("lunch")).toBe(`http://127.0.0.1:${port}/lunch${end}`);
  }
  for (const options of [{ web: true }, { page }, { web: false, page }]) {
    await using server = await open({ ...local, ...options });
    expect(server.pageLink("main")).toBeNull();
  }
});

test("the answer to /invite has the page's link with the secret of the new invitation", async () => {
  await using server = await open({ ...local, web: true, page });
  await using owner = converseWith(server, {
    name: "Ann",
    room: "main",
    device: memoryDevice(),
  });
  await entered(shownTo(owner));
  for (const limits of [{}, { uses: 2 }]) {
    const { invitation, page: link } = await owner.createInvitation(limits);
    expect(link).toBe(invitation.replace(/^charla:/, "http:"));
  }
});

test("the answer to /ban has the link of the renewed invitation, where /invite has one", async () => {
  await using server = await open({ ...local, web: true, page });
  await using owner = converseWith(server, { name: "Ann", room: "main", device: memoryDevice() });
  await entered(shownTo(owner));
  await using guest = joinRoom(server.invitation("main"), { name: "Eve", room: "main" });
  await entered(shownTo(guest));
  const { invitation = "", page: link } = await owner.ban("Eve");
  expect(link).toBe(invitation.replace(/^charla:/, "http:"));
});
