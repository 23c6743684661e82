// The page in Firefox, in the room of a real server.

import { afterAll, expect, setDefaultTimeout } from "bun:test";

import { FIREFOX, type FirefoxTab, startFirefox } from "../harness/firefox.ts";
import { newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT, fullTestWith } from "../harness/peer-programs.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { linkTo } from "./joined-page.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

/** WebDriver's, of a key without a character. */
const ENTER = "\uE007";

const profile = newFolder();
/** For all tests of this file: a browser takes seconds to start. */
let opened: ReturnType<typeof open> | null = null;
afterAll(async () => {
  const { browser, server } = (await opened) ?? {};
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  profile[Symbol.dispose]();
});

async function open() {
  const browser = await startFirefox(profile.path);
  const server = await startSealedServer(["--bind", "127.0.0.1", "--ephemeral"]);
  return { browser, server };
}

function use() {
  opened ??= open();
  return opened;
}

const inRoom = (tab: FirefoxTab) =>
  tab.waitFor("document.querySelector('.subtitle:not([hidden])') !== null");
const hasButton = (tab: FirefoxTab, name: string) =>
  tab.waitFor(
    `[...document.querySelectorAll("button")].some((button) => button.textContent === "${name}")`,
  );

/** On the first visit the page asks for a name. */
async function join(tab: FirefoxTab, link: string, name: string): Promise<void> {
  await tab.goto(link);
  await tab.waitFor("document.querySelector('#answer, #message') !== null");
  if ((await tab.evaluate("document.querySelector('#answer') !== null")) === true) {
    await tab.click("#answer");
    await tab.type(name + ENTER);
  }
  await inRoom(tab);
}

async function say(tab: FirefoxTab, text: string): Promise<void> {
  await tab.click("#message");
  await tab.type(text + ENTER);
}

const texts = (tab: FirefoxTab) =>
  tab.evaluate("[...document.querySelectorAll('.message .text')].map((text) => text.textContent)");

fullTestWith([FIREFOX], "Firefox opens a link, joins the room, and talks with a pipe", async () => {
  const { browser, server } = await use();
  await using tab = await browser.newTab();
  await join(tab, linkTo(server.invitation), "ben");
  await say(tab, "hello from Firefox");
  await server.until("stdout", "ben: hello from Firefox");
  server.type("hello, Firefox\n");
  await tab.waitFor("document.querySelectorAll('.message .text').length === 2");
  expect(await texts(tab)).toEqual(["hello from Firefox", "hello, Firefox"]);
});

fullTestWith(
  [FIREFOX],
  "messages are sent once each by a Firefox that loads the page again while it sends them",
  async () => {
    const { browser, server } = await use();
    await using tab = await browser.newTab();
    const link = linkTo(server.invitation.replace("/main#", "/reload#"));
    await join(tab, link, "ben");
    const said: string[] = [];
    for (let round = 1; round <= 3; round += 1) {
      const written = [1, 2, 3, 4, 5].map((index) => `${round}.${index}`);
      said.push(...written);
      await tab.click("#message");
      await tab.type(written.map((text) => text + ENTER).join(""));
      await tab.reload();
      await inRoom(tab);
    }
    await say(tab, "the end");
    await tab.waitFor(
      `document.querySelectorAll(".mark[aria-label=Delivered]").length === ${said.length + 1}`,
    );
    expect(await texts(tab)).toEqual([...said, "the end"]);
  },
);

fullTestWith([FIREFOX], "Firefox says in words that a secret is wrong", async () => {
  const { browser, server } = await use();
  await using tab = await browser.newTab();
  const link = linkTo(server.invitation);
  await tab.goto(
    link.replace(/.$/, (last) => (last === "A" ? "Q" : "A")).replace("127.0.0.1", "page.test"),
  );
  await tab.waitFor("document.querySelector('#answer') !== null");
  await tab.click("#answer");
  await tab.type(`ben${ENTER}`);
  await tab.waitFor("document.querySelector('.why') !== null");
  expect(await tab.evaluate("document.querySelector('.card').innerText")).toMatch(
    /^You could not join\.\s+.*does not take this invitation/,
  );
});

fullTestWith(
  [FIREFOX],
  "of two tabs of Firefox one has the room, and each message is there once, over plain http as well",
  async () => {
    const { browser, server } = await use();
    for (const host of ["127.0.0.1", "page.test"]) {
      const link = linkTo(server.invitation.replace("/main#", `/tabs-${host}#`)).replace(
        "127.0.0.1",
        host,
      );
      await using first = await browser.newTab();
      await join(first, link, "ben");
      expect(await first.evaluate("isSecureContext")).toBe(host === "127.0.0.1");
      await say(first, "from the first tab");
      {
        await using second = await browser.newTab();
        await second.goto(link);
        await second.waitFor(
          "document.querySelector('.primary, .subtitle:not([hidden])') !== null",
        );
        // Over plain http there are no locks, and a tab that does not answer in time has the room no more.
        const asks = await second.evaluate("document.querySelector('.primary') !== null");
        if (asks === true || host === "127.0.0.1") await second.click(".primary");
        await inRoom(second);
        await hasButton(first, "Use it here");
        await say(second, "from the second tab");
        await second.waitFor(
          "document.querySelectorAll('.mark[aria-label=Delivered]').length === 2",
        );
        expect(await texts(second)).toEqual(["from the first tab", "from the second tab"]);
      }
      // The one that waits goes on by itself.
      await inRoom(first);
      await say(first, "and the first again");
      await first.waitFor("document.querySelectorAll('.mark[aria-label=Delivered]').length === 3");
    }
  },
);

fullTestWith(
  [FIREFOX],
  "Firefox notifies of what comes while another tab is in front",
  async () => {
    const { browser, server } = await use();
    await using tab = await browser.newTab();
    await join(tab, linkTo(server.invitation.replace("/main#", "/news#")), "ben");
    await tab.evaluate(`(() => {
      window.shown = [];
      window.Notification = class extends Notification {
        constructor(title, options) {
          super(title, options);
          for (const type of ["show", "error"]) {
            this.addEventListener(type, () => window.shown.push([type, title, options.body]));
          }
        }
      };
    })()`);
    await using other = await browser.newTab();
    await other.activate();
    await tab.waitFor("document.hidden && !document.hasFocus()");
    const room = server.invitation.replace("/main#", "/news#");
    const sent = await runCharla(["send", "--to", room, "--name", "eva", "are you there?"]);
    expect(sent.status).toBe(0);
    await tab.waitFor("window.shown.length > 0");
    expect(await tab.evaluate("window.shown")).toEqual([["show", "eva (news)", "are you there?"]]);
    await tab.waitFor("document.title === '(1) news - charla'");
    await tab.activate();
    await tab.waitFor("document.title === 'news - charla'");
  },
);
