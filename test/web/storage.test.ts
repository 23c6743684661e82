// What the page keeps in a browser: what survives a reload, a closed tab and a kill of the browser, and what there is where the
// browser keeps nothing.

import { expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";

import type { Page } from "playwright-core";

import { CHROMIUM, startWithProfile } from "../harness/browser.ts";
import { newFolder } from "../harness/folder.ts";
import { type PageServer, servePage } from "../harness/page-server.ts";
import { END_TO_END_TIMEOUT, forFullTests, fullTestWith } from "../harness/peer-programs.ts";
import { root } from "../harness/program.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

let pages: PageServer;
forFullTests(async (shared) => {
  pages = shared.use(await servePage(join(root, "test/web/page/storage.ts")));
});

async function open(page: Page, url = pages.secure): Promise<Page> {
  await page.goto(url);
  await page.waitForFunction("'storage' in window");
  return page;
}

const NEW = { id: expect.stringMatching(/^[\w-]{22}$/), unstored: [], cursor: null };

fullTestWith(
  [CHROMIUM],
  "what was said is there after a reload, until the server has stored it",
  async () => {
    using profile = newFolder();
    await using browser = await startWithProfile(profile.path);
    const page = await open(await browser.newTab());
    const first = await page.evaluate<{ id: string }>("storage.open('main')");
    expect(first).toEqual({ ...NEW, id: first.id });
    await page.evaluate(`(async () => {
    const device = storage.devices.get("main");
    for (const text of ["a", "two\\nlines 🎉", "c"]) device.say(text);
    device.settled(0);
    device.shown({ log: "log", sequence: 4 });
    device.shown({ log: "log", sequence: 5 });
    device.entered("log");
    device.say("d", "log");
    device.named(2);
    await device.flushed();
  })()`);
    await open(page);
    expect(await page.evaluate<unknown>("storage.open('main')")).toEqual({
      id: first.id,
      unstored: [
        { number: 1, text: "two\nlines 🎉", log: "log" },
        { number: 2, text: "c", log: "log", isNamed: true },
        { number: 3, text: "d", log: "log" },
      ],
      cursor: { log: "log", sequence: 5 },
    });
    // No number is given twice, and rooms have devices of their own.
    expect(await page.evaluate<unknown>("storage.devices.get('main').say('e').number")).toBe(
      1_000_004,
    );
    const other = await page.evaluate<{ id: string }>("storage.open('main/2')");
    expect(other).toEqual(NEW);
    expect(other.id).not.toBe(first.id);
  },
);

fullTestWith(
  [CHROMIUM],
  "what was said is there although the page is gone the moment after",
  async () => {
    using profile = newFolder();
    await using browser = await startWithProfile(profile.path);
    const page = await open(await browser.newTab());
    const said: string[] = [];
    for (let round = 0; round < 9; round += 1) {
      const { unstored } = await page.evaluate<{ unstored: { text: string }[] }>(
        "storage.open('main')",
      );
      expect(unstored.map(({ text }) => text)).toEqual(said);
      const texts = [`${round} a`, `${round} b`, `${round} c`];
      said.push(...texts);
      const loaded = page.waitForEvent("load");
      await page.evaluate(`void (async () => {
        const device = storage.devices.get("main");
        for (const text of ${JSON.stringify(texts)}) {
          device.say(text);
          await new Promise((done) => setTimeout(done, ${round % 3}));
        }
        location.reload();
      })()`);
      await loaded;
      await page.waitForFunction("'storage' in window");
    }
  },
);

fullTestWith([CHROMIUM], "what is flushed survives a kill of the browser", async () => {
  using profile = newFolder();
  let id = "";
  {
    await using browser = await startWithProfile(profile.path);
    const page = await open(await browser.newTab());
    ({ id } = await page.evaluate<{ id: string }>("storage.open('main')"));
    await page.evaluate(`(async () => {
      storage.memory.saveDraft("main", "hello");
      const device = storage.devices.get("main");
      device.say("hello");
      await device.flushed();
    })()`);
    await browser.kill();
  }
  await using browser = await startWithProfile(profile.path);
  const page = await open(await browser.newTab());
  expect(await page.evaluate<unknown>("storage.open('main')")).toEqual({
    id,
    unstored: [{ number: 0, text: "hello" }],
    cursor: null,
  });
  expect(await page.evaluate<unknown>("storage.memory.loadWaiting('main')")).toEqual(["hello"]);
  // It went with the transaction that keeps the message: it is not typed a second time.
  expect(await page.evaluate<unknown>("storage.memory.loadDraft('main')")).toBe("");
});

fullTestWith(
  [CHROMIUM],
  "the name, drafts and places are kept, a draft also while other messages change",
  async () => {
    using profile = newFolder();
    await using browser = await startWithProfile(profile.path);
    const page = await open(await browser.newTab());
    expect(await page.evaluate<unknown>("storage.loadName()")).toBeNull();
    expect(await page.evaluate<unknown>("storage.memory.loadDraft('main')")).toBe("");
    await page.evaluate(`(async () => {
    await storage.open("main");
    const device = storage.devices.get("main");
    device.say("a");
    await device.flushed();
    storage.memory.saveName("ana");
    storage.memory.saveDraft("main", "not sent");
    storage.memory.saveDraft("other", "gone");
    storage.memory.saveDraft("other", "");
    storage.memory.saveRead("main", 7);
    storage.memory.saveRead("main", 8);
    storage.memory.saveRead("other", 1);
    device.entered("log");
    device.settled(0);
    await device.flushed();
  })()`);
    await open(page);
    expect(await page.evaluate<unknown>("storage.loadName()")).toBe("ana");
    expect(await page.evaluate<unknown>("storage.memory.loadDraft('main')")).toBe("not sent");
    expect(await page.evaluate<unknown>("storage.memory.loadDraft('other')")).toBe("");
    expect(
      await page.evaluate<unknown>("storage.memory.loadRead().then((read) => [...read])"),
    ).toEqual([
      ["main", 8],
      ["other", 1],
    ]);
  },
);

fullTestWith(
  [CHROMIUM],
  "in a secure context the key can't be read, and shakes hands",
  async () => {
    using profile = newFolder();
    await using browser = await startWithProfile(profile.path);
    const page = await open(await browser.newTab());
    const IDENTITY = `storage.identity().then(({ publicKey, privateKey, kept }) => ({
    publicKey, privateKey, extractable: kept.privateKey.extractable, type: kept.privateKey.type,
  }))`;
    const made = await page.evaluate<{ publicKey: number[] }>(IDENTITY);
    expect(made).toMatchObject({ privateKey: [], extractable: false, type: "private" });
    expect(made.publicKey).toHaveLength(32);
    expect(await page.evaluate<unknown>("storage.shakeHands()")).toEqual(made.publicKey);

    // Another tab has the same, also when both ask at once.
    const other = await open(await browser.newTab());
    expect(await other.evaluate<unknown>(IDENTITY)).toEqual(made);
    expect(await other.evaluate<unknown>("storage.shakeHands()")).toEqual(made.publicKey);
  },
);

fullTestWith([CHROMIUM], "two tabs that are opened at once have one key", async () => {
  using profile = newFolder();
  await using browser = await startWithProfile(profile.path);
  const [one, two] = await Promise.all([browser.newTab(), browser.newTab()]);
  await Promise.all([open(one), open(two)]);
  const [first, second] = await Promise.all(
    [one, two].map((page) =>
      page.evaluate<string[]>(
        "Promise.all([1, 2].map(async () => String((await storage.identity()).publicKey)))",
      ),
    ),
  );
  expect(second).toEqual(first);
  expect(new Set(first).size).toBe(1);
});

fullTestWith([CHROMIUM], "over plain http the key is kept as bytes, and shakes hands", async () => {
  using profile = newFolder();
  await using browser = await startWithProfile(profile.path);
  const page = await open(await browser.newTab(), pages.insecure);
  expect(await page.evaluate<unknown>("[isSecureContext, typeof crypto.subtle]")).toEqual([
    false,
    "undefined",
  ]);
  const IDENTITY =
    "storage.identity().then(({ publicKey, privateKey }) => ({ publicKey, privateKey }))";
  const made = await page.evaluate<{ publicKey: number[]; privateKey: number[] }>(IDENTITY);
  expect([made.publicKey.length, made.privateKey.length]).toEqual([32, 32]);
  expect(await page.evaluate<unknown>("storage.shakeHands()")).toEqual(made.publicKey);
  await open(page, pages.insecure);
  expect(await page.evaluate<unknown>(IDENTITY)).toEqual(made);
});

fullTestWith(
  [CHROMIUM],
  "without IndexedDB the page works and says once that nothing is kept",
  async () => {
    using profile = newFolder();
    await using browser = await startWithProfile(profile.path);
    for (const url of [pages.secure, pages.insecure]) {
      const page = await browser.newTab();
      await page.addInitScript(
        `Object.defineProperty(window, "indexedDB", { get() { throw new DOMException("no", "SecurityError"); } })`,
      );
      await open(page, url);
      expect(await page.evaluate<unknown>("storage.isLasting")).toBe(false);
      expect(await page.evaluate<unknown>("storage.open('main')")).toEqual(NEW);
      const key = await page.evaluate<unknown>(
        "storage.identity().then(({ publicKey }) => publicKey)",
      );
      expect(await page.evaluate<unknown>("storage.shakeHands()")).toEqual(key);
      await page.evaluate(
        "(async () => { const d = storage.devices.get('main'); d.say('a'); d.say('b'); await d.flushed(); })()",
      );
      expect(
        await page.evaluate<unknown>(
          "storage.devices.get('main').unstored.map(({ text }) => text)",
        ),
      ).toEqual(["a", "b"]);
      expect(await page.evaluate<unknown>("storage.troubles")).toEqual(["unavailable"]);
    }
  },
);

fullTestWith(
  [CHROMIUM],
  "where the storage is full the page says so once, and keeps what waits when there is space again",
  async () => {
    using profile = newFolder();
    await using browser = await startWithProfile(profile.path);
    const page = await open(await browser.newTab());
    await page.evaluate("storage.open('main')");
    const say = (text: string) =>
      page.evaluate(`(async () => {
        const device = storage.devices.get("main");
        device.say("${text}");
        await device.flushed();
      })()`);
    await page.evaluate(`{
      const { put } = IDBObjectStore.prototype;
      window.free = () => { IDBObjectStore.prototype.put = put; };
      IDBObjectStore.prototype.put = function () {
        throw new DOMException("no space", "QuotaExceededError");
      };
    }`);
    await say("x");
    await say("y");
    expect(await page.evaluate<unknown>("storage.troubles")).toEqual(["full"]);
    await page.evaluate("free()");
    await say("z");
    await open(page);
    const { unstored } = await page.evaluate<{ unstored: { text: string }[] }>(
      "storage.open('main')",
    );
    expect(unstored.map(({ text }) => text[0])).toEqual(["x", "y", "z"]);
  },
);

fullTestWith(
  [CHROMIUM],
  "the page goes on after the person has deleted the site's data",
  async () => {
    using profile = newFolder();
    await using browser = await startWithProfile(profile.path);
    const page = await open(await browser.newTab());
    const { id } = await page.evaluate<{ id: string }>("storage.open('main')");
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.clearDataForOrigin", {
      origin: new URL(pages.secure).origin,
      storageTypes: "indexeddb",
    });
    await page.evaluate(
      `(async () => { const d = storage.devices.get("main"); d.say("after"); await d.flushed(); })()`,
    );
    await open(page);
    expect(await page.evaluate<unknown>("storage.open('main')")).toEqual({
      id,
      unstored: [{ number: 0, text: "after" }],
      cursor: null,
    });
  },
);
