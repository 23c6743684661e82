// One tab has a place, in Chromium: by locks where the context is secure, by the election where it is not.

import { describe, expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";

import type { Page } from "playwright-core";

import { type BrowserWithProfile, CHROMIUM, startWithProfile } from "../harness/browser.ts";
import { newFolder } from "../harness/folder.ts";
import { type PageServer, servePage } from "../harness/page-server.ts";
import { END_TO_END_TIMEOUT, forFullTests, fullTestWith } from "../harness/peer-programs.ts";
import { root } from "../harness/program.ts";
import { until } from "../harness/until.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

let pages: PageServer;
let browser: BrowserWithProfile;
forFullTests(async (shared) => {
  pages = shared.use(await servePage(join(root, "test/web/page/tabs.ts")));
  browser = shared.use(await startWithProfile(shared.use(newFolder()).path));
});

interface Tab extends AsyncDisposable {
  readonly page: Page;
  /** All that it has heard so far, once the last of it is this. */
  heard(last: string): Promise<string[]>;
}

async function open(url: string, name: string, letGoAfter = 50): Promise<Tab> {
  const page = await browser.newTab();
  await page.goto(url);
  await page.waitForFunction("'tabs' in window");
  await page.evaluate(`tabs.claim(${JSON.stringify(name)}, ${letGoAfter})`);
  return {
    page,
    async heard(last) {
      await page.waitForFunction(`tabs.heard.at(-1) === ${JSON.stringify(last)}`);
      const heard = await page.evaluate<string[]>("tabs.heard");
      // Where a tab is slow to answer, the one that waits asks anew, and is told again to wait.
      return heard.filter((what, index) => what !== heard[index - 1]);
    },
    [Symbol.asyncDispose]: () => page.close(),
  };
}

for (const context of ["secure", "insecure"] as const) {
  describe(context === "secure" ? "with locks" : "without locks", () => {
    fullTestWith(
      [CHROMIUM],
      "a second tab waits, takes the place, and gives it back when it is closed",
      async () => {
        const url = pages[context];
        await using first = await open(url, "a");
        expect(await first.page.evaluate<unknown>("'locks' in navigator")).toBe(
          context === "secure",
        );
        expect(await first.heard("holds")).toEqual(["holds"]);
        await using other = await open(url, "another place");
        expect(await other.heard("holds")).toEqual(["holds"]);
        {
          await using second = await open(url, "a");
          expect(await second.heard("waits")).toEqual(["waits"]);
          await second.page.evaluate("tabs.take()");
          expect(await second.heard("holds")).toEqual(["waits", "holds"]);
          expect(await first.heard("waits")).toEqual(["holds", "let go", "waits"]);
        }
        expect(await first.heard("holds")).toEqual(["holds", "let go", "waits", "holds"]);
        expect(await other.heard("holds")).toEqual(["holds"]);
      },
    );

    fullTestWith([CHROMIUM], "of three tabs the one that takes the place gets it", async () => {
      const url = pages[context];
      await using first = await open(url, "b");
      await first.heard("holds");
      await using second = await open(url, "b");
      await second.heard("waits");
      await using third = await open(url, "b");
      await third.heard("waits");
      await third.page.evaluate("tabs.take()");
      expect(await third.heard("holds")).toEqual(["waits", "holds"]);
      expect(await first.heard("waits")).toEqual(["holds", "let go", "waits"]);
      expect(await second.heard("waits")).toEqual(["waits"]);
      // What is done there ends by itself, as when the person leaves: another tab has the place.
      await third.page.evaluate("tabs.end()");
      expect(await third.heard("let go")).toEqual(["waits", "holds", "let go"]);
      await until("another tab holds the place", async () => {
        const all = await Promise.all(
          [first, second].map(({ page }) => page.evaluate<string[]>("tabs.heard")),
        );
        return all.filter((heard) => heard.at(-1) === "holds").length === 1;
      });
      await Promise.all([first, second].map(({ page }) => page.evaluate("tabs.close()")));
    });

    fullTestWith([CHROMIUM], "a tab that crashes is succeeded", async () => {
      const url = pages[context];
      const first = await open(url, "c");
      await first.heard("holds");
      await using second = await open(url, "c");
      await second.heard("waits");
      const session = await first.page.context().newCDPSession(first.page);
      session.send("Page.crash").catch(() => {});
      expect(await second.heard("holds")).toEqual(["waits", "holds"]);
      await first.page.close();
    });

    fullTestWith(
      [CHROMIUM],
      "a tab that does not let go loses the place to the one that takes it",
      async () => {
        const url = pages[context];
        await using first = await open(url, "d", 6_000);
        await first.heard("holds");
        await using second = await open(url, "d");
        await second.heard("waits");
        await second.page.evaluate("tabs.take()");
        expect(await second.heard("holds")).toEqual(["waits", "holds"]);
        expect(await first.page.evaluate<unknown>("tabs.heard")).toEqual(["holds"]);
        expect(await first.heard("waits")).toEqual(["holds", "let go", "waits"]);
        expect(await second.page.evaluate<unknown>("tabs.heard")).toEqual(["waits", "holds"]);
      },
    );

    fullTestWith([CHROMIUM], "a reload takes the place that the page had", async () => {
      const url = pages[context];
      await using first = await open(url, "e");
      await first.heard("holds");
      await first.page.reload();
      await first.page.waitForFunction("'tabs' in window");
      await first.page.evaluate("tabs.claim('e')");
      expect((await first.heard("holds")).at(-1)).toBe("holds");
    });
  });
}
