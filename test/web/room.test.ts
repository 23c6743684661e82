// What people do in rooms of a real server by the page: read and search what was said before, see what is new, go from room to
// room, invite, and leave.

import { afterAll, expect } from "bun:test";

import type { Page } from "playwright-core";

import { CHROMIUM, oneBrowser } from "../harness/browser.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { forFullTests, fullTestWith } from "../harness/peer-programs.ts";
import { type SealedServer, startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";
import { field, join, linkTo, say, shown } from "./joined-page.ts";

const browser = oneBrowser();
let server: SealedServer;
afterAll(() => browser[Symbol.asyncDispose]());
forFullTests(async (shared) => {
  server = shared.use(await startSealedServer(["--bind", "127.0.0.1", "--ephemeral"]));
});

const MESSAGES = 1_200;

/** This browser has no other windows that could be in front. */
async function setFocus(page: Page, isFocused: boolean): Promise<void> {
  await page.evaluate(
    `document.hasFocus = () => ${isFocused}; window.dispatchEvent(new Event("${isFocused ? "focus" : "blur"}"))`,
  );
}

/** By less than a screen; resolves once it is drawn, with whether the top is reached. */
async function scrollUp(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(`new Promise((done) => {
    const list = document.querySelector(".messages");
    list.scrollTop -= 0.8 * list.clientHeight;
    requestAnimationFrame(() => requestAnimationFrame(() => done(list.scrollTop === 0)));
  })`);
}

const titled = (page: Page, title: string) =>
  until(`the title ${title}`, async () => (await page.title()) === title);

/** Enters another room by its name. */
async function enterRoom(page: Page, room: string): Promise<void> {
  await page.getByRole("button", { name: "Another room" }).click();
  await page.getByRole("textbox", { name: "Name of the room" }).fill(room);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
}

fullTestWith(
  [CHROMIUM],
  "of a long conversation the newest is shown, all of it comes by scrolling up, and a search finds what was said first",
  async () => {
    const numbered = Array.from({ length: MESSAGES }, (_, index) => `number ${index + 1}\n`);
    server.type(`the needle in the hay\n${numbered.join("")}`);
    await using window = await browser.openWindow({ width: 390, height: 844 });
    const { page } = window;
    await join(page, linkTo(server.invitation), "ben");
    await shown(page, `number ${MESSAGES}`);

    // By the search first: nothing of that time is here yet.
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("searchbox").fill("NEEDLE hay");
    await page.keyboard.press("Enter");
    await page.getByText("1 message found").waitFor();
    await page.locator(".result").click();
    const found = page.locator(".messages .sought .text");
    await found.waitFor();
    expect(await found.textContent()).toBe("the needle in the hay");
    await page.getByRole("button", { name: "Go to the newest message" }).click();
    await shown(page, `number ${MESSAGES}`);

    // And by scrolling, in a page that has only the end of it.
    await page.reload();
    await shown(page, `number ${MESSAGES}`);
    const seen = new Set<string>();
    const note = async () => {
      for (const text of await page.locator(".message .text").allTextContents()) seen.add(text);
    };
    await note();
    expect(seen.size).toBeLessThan(150);
    const beginning = page.getByText("This is where the conversation begins.");
    while (!(await scrollUp(page)) || !(await beginning.isVisible())) {
      await note();
    }
    expect(seen.size).toBe(MESSAGES + 1);
    expect(window.messages).toEqual([]);
  },
);

fullTestWith(
  [CHROMIUM],
  "what comes while nobody looks is below a line and counted in the title, after a reload as well",
  async () => {
    await using window = await browser.openWindow();
    const { page } = window;
    await page.goto(linkTo(server.invitation));
    await say(page, "I am here");
    await server.until("stdout", "ben: I am here");
    await setFocus(page, false);
    server.type("are you there?\nben, are you?\n");
    await titled(page, "(2) main - charla");
    await setFocus(page, true);
    await titled(page, "main - charla");
    const line = page.locator("li", { has: page.locator(".new") }).locator(".text");
    expect(await line.textContent()).toBe("are you there?");

    await page.goto("about:blank");
    server.type("you missed this\n");
    await page.goto(linkTo(server.invitation));
    await shown(page, "you missed this");
    expect(await line.textContent()).toBe("you missed this");
    expect(window.messages).toEqual([]);
  },
);

fullTestWith(
  [CHROMIUM],
  "several rooms are entered, show what is new in the others, and are left",
  async () => {
    await using window = await browser.openWindow();
    const { page } = window;
    await page.goto(linkTo(server.invitation));
    await field(page).waitFor();
    await enterRoom(page, "lunch");
    await say(page, "at one?");
    await page.getByRole("img", { name: "Delivered" }).waitFor();
    // A reload is the same room.
    await page.reload();
    await shown(page, "at one?");
    await page.getByRole("button", { name: "main" }).click();
    await page.getByRole("heading", { name: "main", level: 1 }).waitFor();
    await field(page).fill("a draft");

    const lunch = server.invitation.replace("/main#", "/lunch#");
    await using eva = charla([lunch, "--name", "eva", "--history", "10"]);
    await eva.until("stdout", "ben: at one?");
    eva.type("at two\nben: all right?\n");
    await page.getByRole("button", { name: "lunch 2 new messages" }).waitFor();
    await titled(page, "(1) main - charla");
    await page.getByRole("button", { name: "lunch" }).click();
    await shown(page, "ben: all right?");
    await titled(page, "lunch - charla");
    const line = page.locator("li", { has: page.locator(".new") }).locator(".text");
    expect(await line.textContent()).toBe("at two");
    expect(await field(page).inputValue()).toBe("");
    await page.getByRole("button", { name: "main" }).click();
    await until("the draft", async () => (await field(page).inputValue()) === "a draft");
    await field(page).fill("");

    await page.getByRole("button", { name: "lunch" }).click();
    await say(page, "yes");
    await eva.until("stdout", "ben: yes");
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("button", { name: "Leave" }).click();
    await page.getByRole("heading", { name: "You left." }).waitFor();
    await eva.until("stderr", "ben left");
    await page.getByRole("button", { name: "Join again" }).click();
    await shown(page, "yes");
    await eva.until("stderr", "ben joined");
    // Nothing of all this was said to the others.
    expect(server.stdout).not.toContain("at one?");
    expect(window.messages).toEqual([]);
  },
);

fullTestWith(
  [CHROMIUM],
  "an invitation is copied from the page, over plain http as well, and lets others in",
  async () => {
    await using window = await browser.openWindow();
    const { page } = window;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const insecure = linkTo(server.invitation).replace("127.0.0.1", "charla.test");
    for (const link of [linkTo(server.invitation), insecure]) {
      if (link === insecure) await join(page, link, "tom");
      else await page.goto(link);
      await field(page).waitFor();
      await enterRoom(page, "tea");
      await page.getByRole("button", { name: "Invite" }).click();
      const buttons = page.getByRole("button", { name: "Copy" });
      const copied: string[] = [];
      for (const index of [0, 1]) {
        await buttons.nth(index).click();
        await page.getByText("Copied").waitFor();
        await page.keyboard.press("Escape");
        await field(page).focus();
        await page.keyboard.press("Control+V");
        copied.push(await field(page).inputValue());
        await field(page).fill("");
        await page.getByRole("button", { name: "Invite" }).click();
      }
      const [forBrowser = "", forTerminal = ""] = copied;
      expect(forBrowser).toBe(link.replace("/main#", "/tea#"));
      const invitation = forTerminal.replaceAll(/^charla '|'$/g, "");
      const reachable = invitation.replace("charla.test", "127.0.0.1");
      const sent = await runCharla(["send", "--to", reachable, "--name", "guest", `by ${link}`]);
      expect(sent.status).toBe(0);
      await shown(page, `by ${link}`);
    }
  },
);
