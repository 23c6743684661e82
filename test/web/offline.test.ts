// The page in a network that is down for a while.

import { afterAll, expect } from "bun:test";

import { CHROMIUM, oneBrowser } from "../harness/browser.ts";
import { fullTestWith } from "../harness/peer-programs.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { openTcpProxy } from "../harness/tcp-proxy.ts";
import { field, join, linkTo, say, shown, showsAll } from "./joined-page.ts";

/** For how long nothing passes, ms. */
const DOWN = 60_000;

const browser = oneBrowser();
afterAll(() => browser[Symbol.asyncDispose]());

fullTestWith(
  [CHROMIUM],
  "what is typed in a minute without a network waits, and comes once and in order; what was missed comes",
  async () => {
    await using server = await startSealedServer(["--bind", "127.0.0.1", "--ephemeral"]);
    await using network = await openTcpProxy(Number(server.port));
    await using window = await browser.openWindow();
    const { page } = window;
    await join(page, linkTo(server.invitation, network.port), "ben");
    await say(page, "before");
    const delivered = page.getByRole("img", { name: "Delivered" });
    await delivered.waitFor();

    const downAt = performance.now();
    network.setDown(true);
    server.type("missed 1\nmissed 2\nmissed 3\n");
    for (let index = 1; index <= 3; index += 1) await say(page, `waits ${index}`);
    const waiting = page.getByRole("img", { name: "Waits for the connection" });
    await page.getByRole("status").getByText("Connection lost; reconnecting").waitFor();
    await waiting.nth(2).waitFor();
    for (let index = 4; index <= 5; index += 1) await say(page, `waits ${index}`);
    await waiting.nth(4).waitFor();
    const waits = [1, 2, 3, 4, 5].map((index) => `waits ${index}`);
    await showsAll(page, ["before", ...waits]);
    await Bun.sleep(downAt + DOWN - performance.now());
    expect(await waiting.count()).toBe(5);
    expect(server.stdout).toBe("ben: before\n");

    network.setDown(false);
    await server.until("stdout", "ben: waits 5\n", 30_000);
    await delivered.nth(5).waitFor();
    expect(server.stdout).toBe(["before", ...waits].map((text) => `ben: ${text}\n`).join(""));
    const missed = [1, 2, 3].map((index) => `missed ${index}`);
    await showsAll(page, ["before", ...missed, ...waits]);
    expect(await page.locator(".connection").textContent()).toBe("");
    // And goes on as before.
    await say(page, "after");
    await server.until("stdout", "ben: after\n");
    server.type("heard\n");
    await shown(page, "heard");
    expect(await field(page).inputValue()).toBe("");
  },
  120_000,
);
