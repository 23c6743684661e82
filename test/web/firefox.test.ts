// What the page keeps, and that one tab has a place, in Firefox.

import { expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";

import { FIREFOX, type FirefoxTab, startFirefox } from "../harness/firefox.ts";
import { newFolder } from "../harness/folder.ts";
import { type PageServer, servePage } from "../harness/page-server.ts";
import { END_TO_END_TIMEOUT, forFullTests, fullTestWith } from "../harness/peer-programs.ts";
import { root } from "../harness/program.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

let storage: PageServer;
let tabs: PageServer;
forFullTests(async (shared) => {
  storage = shared.use(await servePage(join(root, "test/web/page/storage.ts")));
  tabs = shared.use(await servePage(join(root, "test/web/page/tabs.ts")));
});

async function openStorage(tab: FirefoxTab, url: string): Promise<void> {
  await tab.goto(url);
  await tab.waitFor("'storage' in window");
}

fullTestWith([FIREFOX], "Firefox keeps the key and what was said through a kill", async () => {
  using profile = newFolder();
  const KEY =
    "storage.identity().then(({ publicKey, privateKey }) => [publicKey, privateKey.length])";
  const said: unknown[] = [];
  {
    await using browser = await startFirefox(profile.path);
    const tab = await browser.newTab();
    for (const [url, isSecure] of [
      [storage.secure, true],
      [storage.insecure, false],
    ] as const) {
      await openStorage(tab, url);
      expect(await tab.evaluate("isSecureContext")).toBe(isSecure);
      const key = await tab.evaluate(KEY);
      expect(key).toEqual([expect.any(Array), isSecure ? 0 : 32]);
      const heard = await tab.evaluate("storage.shakeHands()");
      expect(key).toEqual([heard, isSecure ? 0 : 32]);
      await tab.evaluate("storage.open('main')");
      await tab.evaluate(`(async () => {
        const device = storage.devices.get("main");
        device.say("hello");
        await device.flushed();
      })()`);
      expect(await tab.evaluate("storage.troubles")).toEqual([]);
      said.push(key);
    }
    await browser.kill();
  }
  await using browser = await startFirefox(profile.path);
  const tab = await browser.newTab();
  for (const [index, url] of [storage.secure, storage.insecure].entries()) {
    await openStorage(tab, url);
    expect(await tab.evaluate(KEY)).toEqual(said[index]);
    expect(await tab.evaluate("storage.open('main')")).toMatchObject({
      unstored: [{ number: 0, text: "hello" }],
    });
  }
});

fullTestWith(
  [FIREFOX],
  "in Firefox a second tab takes the place, and a third one gets it when that is closed",
  async () => {
    using profile = newFolder();
    await using browser = await startFirefox(profile.path);
    for (const url of [tabs.secure, tabs.insecure]) {
      const open = async () => {
        const tab = await browser.newTab();
        await tab.goto(url);
        await tab.waitFor("'tabs' in window");
        await tab.evaluate("tabs.claim('a')");
        return tab;
      };
      const first = await open();
      await first.waitFor("tabs.heard.at(-1) === 'holds'");
      const second = await open();
      await second.waitFor("tabs.heard.at(-1) === 'waits'");
      await second.evaluate("tabs.take()");
      await second.waitFor("tabs.heard.at(-1) === 'holds'");
      await first.waitFor("tabs.heard.at(-1) === 'waits'");
      expect(await first.evaluate("tabs.heard")).toEqual(["holds", "let go", "waits"]);
      await second[Symbol.asyncDispose]();
      await first.waitFor("tabs.heard.at(-1) === 'holds'");
      await first[Symbol.asyncDispose]();
    }
  },
);

fullTestWith([FIREFOX], "Firefox is typed into, and its screen is read", async () => {
  using profile = newFolder();
  await using browser = await startFirefox(profile.path);
  const tab = await browser.newTab();
  await tab.goto("data:text/html,<input onchange='document.title = value'>");
  await tab.setSize(320, 500);
  await tab.click("input");
  await tab.type("héllo \u{1f389}\uE007");
  expect(await tab.evaluate("[document.title, innerWidth]")).toEqual(["héllo \u{1f389}", 320]);
  const png = await tab.screenshot();
  expect(Buffer.from(png).subarray(1, 4).toString()).toBe("PNG");
});
