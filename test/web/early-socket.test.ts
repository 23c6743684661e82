// The WebSocket of the page in Chromium, which is opened before the page's script is there.

import { afterAll, expect } from "bun:test";

import { CHROMIUM, oneBrowser } from "../harness/browser.ts";
import { testWith } from "../harness/peer-programs.ts";
import { startSealedServerProcess } from "../harness/sealed-server.ts";
import { join, linkTo, say } from "./joined-page.ts";

const browser = oneBrowser();
afterAll(() => browser[Symbol.asyncDispose]());

/** The first byte (docs/protocol.md s. 8.4), and the bytes of one that has only a WINDOW frame. */
const FINISH = 0xfb;
const BARE_FINISH = 9 + 48 + 5 + 16;

testWith([CHROMIUM], "the WebSocket opens while the page's script is on its way", async () => {
  await using server = await startSealedServerProcess(["--bind", "127.0.0.1", "--ephemeral"]);
  await using window = await browser.openWindow();
  const { page } = window;
  const opened: string[] = [];
  const finishes: number[] = [];
  const first = Promise.withResolvers<void>();
  page.on("websocket", (webSocket) => {
    opened.push(webSocket.url());
    webSocket.on("framesent", ({ payload }) => {
      if (payload[0] === FINISH) finishes.push(payload.length);
    });
    first.resolve();
  });
  await page.route("**/-/index-*.js", async (route) => {
    await first.promise;
    await route.continue();
  });
  const link = linkTo(server.invitation);
  await join(page, link, "ben");
  await say(page, "by the early one");
  await server.until("stdout", "ben: by the early one");
  // The request to enter the room is in it (docs/protocol.md s. 8.4), in place of a round trip of its own.
  expect(finishes[0]).toBeGreaterThan(BARE_FINISH + 50);
  expect(opened).toEqual([`ws://${new URL(link).host}/`]);
  expect(window.messages).toEqual([]);
  await page.unrouteAll();
});

testWith([CHROMIUM], "a page whose early WebSocket is over opens another one", async () => {
  await using server = await startSealedServerProcess(["--bind", "127.0.0.1", "--ephemeral"]);
  await using window = await browser.openWindow();
  const { page } = window;
  let count = 0;
  page.on("websocket", () => (count += 1));
  await page.goto(linkTo(server.invitation));
  const name = page.getByRole("textbox", { name: "Your name" });
  await name.waitFor();
  // As the server does when somebody takes longer for their name.
  await page.evaluate("new Promise((over) => { earlySocket.onclose = over; earlySocket.close() })");
  await name.fill("ben");
  await name.press("Enter");
  await say(page, "by another one");
  await server.until("stdout", "ben: by another one");
  expect(count).toBe(2);
});

testWith([CHROMIUM], "a page without an invitation opens no WebSocket", async () => {
  await using server = await startSealedServerProcess(["--bind", "127.0.0.1", "--ephemeral"]);
  await using window = await browser.openWindow();
  const { page } = window;
  let count = 0;
  page.on("websocket", () => (count += 1));
  await page.goto(linkTo(server.invitation).replace(/#.*/, ""));
  await page.getByRole("textbox").waitFor();
  await page.waitForLoadState("networkidle");
  expect(count).toBe(0);
});
