// What 1,000 browsers cost a server that are in one room and silent: its memory (RSS). Most of them are sessions by WebSockets that a
// C program keeps (bench/fanout), each from an address of its own, and some are tabs of Chromium.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser } from "playwright-core";

import { encodeBase64url } from "../../src/identity/key-text.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { enterRoom } from "../fanout/enter-room.ts";
import { compileLoad } from "../fanout/load.ts";
import { printedPort } from "../fanout/peers/peer.ts";
import { openTab } from "./chromium.ts";
import { joinAs } from "./room.ts";

/** Those who come first: with them the server loads and compiles what it does for each. */
const FIRST = 100;
const MORE = 1_000;
/** Tabs among these. */
const TABS = 5;
/** Until nothing is under way any more, ms. */
const SETTLED = 3_000;

export async function measureBrowsers(browser: Browser): Promise<void> {
  using programs = compileLoad();
  if (programs === null) {
    console.log("the members can't be compiled (Debian: apt-get install gcc libssl-dev)");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "charla-browsers-"));
  const key = crypto.getRandomValues(new Uint8Array(32));
  const script = join(import.meta.dir, "../fanout/room-server.ts");
  const server = Bun.spawn([process.execPath, script, folder, key.toHex()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const port = await printedPort(server.stdout);
    const link = `http://127.0.0.1:${port}/main#${encodeBase64url(generateKeyPair(key).publicKey)}`;
    // From source, the page is bundled at the first request.
    await fetch(link);
    const memory = async () => {
      server.kill("SIGUSR2");
      await Bun.sleep(SETTLED);
      const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    };
    const join = async (count: number) =>
      programs.start("sealed-websockets", [...(await enterRoom(port, count)), "go"]);

    const empty = await memory();
    await using _first = await join(FIRST);
    const warm = await memory();
    await using _more = await join(MORE - TABS);
    await using _tabs = await openTabs(browser, link);
    const full = await memory();
    const each = (from: number, count: number) => `${((full - from) / count).toFixed(1)} KiB`;
    console.log(
      `${MORE} browsers, ${TABS} of them tabs of Chromium, beside ${FIRST} that were there`,
    );
    console.log(
      `  memory (RSS) each ${each(warm, MORE)}; of all ${FIRST + MORE}, ${each(empty, FIRST + MORE)}`,
    );
  } finally {
    server.kill("SIGKILL");
    await server.exited;
    rmSync(folder, { recursive: true });
  }
}

async function openTabs(browser: Browser, link: string): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  for (let tab = 1; tab <= TABS; tab += 1) {
    const { page } = opened.use(await openTab(browser));
    await joinAs(page, link, `tab ${tab}`);
  }
  return opened.move();
}
