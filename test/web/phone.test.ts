// The page of a real server on phones, upright and on their side: everything is in sight and can be used, with the keyboard of the
// screen and beside what the screen leaves free; and with no pointer at all.

import { afterAll, expect } from "bun:test";

import type { Page } from "playwright-core";

import { CHROMIUM, oneBrowser } from "../harness/browser.ts";
import { forFullTests, fullTestWith } from "../harness/peer-programs.ts";
import { type SealedServer, startSealedServer } from "../harness/sealed-server.ts";
import { findViolations } from "./accessibility.ts";
import { field, join, linkTo, say, shown } from "./joined-page.ts";

const browser = oneBrowser();
let server: SealedServer;
afterAll(() => browser[Symbol.asyncDispose]());
forFullTests(async (shared) => {
  server = shared.use(await startSealedServer(["--bind", "127.0.0.1", "--ephemeral"]));
  server.type(
    `hello\nsee https://example.org/${"a-long-address/".repeat(20)}\nben: ${"all right? ".repeat(20)}\n`,
  );
});

const DIALOGS = ["Invite", "Menu", "Search", "People and rooms"];

/** The edges of an element: left, top, right, bottom. */
async function edges(page: Page, selector: string): Promise<[number, number, number, number]> {
  return page.evaluate(
    `(() => { const { left, top, right, bottom } = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect(); return [left, top, right, bottom]; })()`,
  );
}

async function expectInside(page: Page, selector: string, area: readonly number[]): Promise<void> {
  const [left, top, right, bottom] = await edges(page, selector);
  const [areaLeft = 0, areaTop = 0, areaRight = 0, areaBottom = 0] = area;
  const isInside = left >= areaLeft && top >= areaTop && right <= areaRight && bottom <= areaBottom;
  expect({ selector, isInside, is: [left, top, right, bottom], area }).toMatchObject({
    isInside: true,
  });
}

/** In its place, whatever moves there. */
async function openedDialog(page: Page): Promise<void> {
  await page.locator("dialog[open]").waitFor();
  await page.evaluate("Promise.all(document.getAnimations().map(({ finished }) => finished))");
}

/** Of the page and of all that scrolls in it, px: what is wider than its place. */
const overflow = (page: Page) =>
  page.evaluate<unknown>(`[...document.querySelectorAll("html, body, .messages, dialog[open], .start")]
    .filter((element) => element.scrollWidth > element.clientWidth)
    .map((element) => element.outerHTML.slice(0, 100))`);

for (const [width, height] of [
  [320, 568],
  [568, 320],
  [390, 844],
  [844, 390],
] as const) {
  fullTestWith([CHROMIUM], `the page fits a phone of ${width} by ${height}`, async () => {
    const colorScheme = width < height ? "light" : "dark";
    await using phone = await browser.openPhone({ width, height, colorScheme });
    const { page } = phone;
    await page.goto(linkTo(server.invitation));
    await page.getByRole("textbox", { name: "Your name" }).waitFor();
    expect(await overflow(page)).toEqual([]);
    expect(await findViolations(page)).toEqual([]);
    await join(page, linkTo(server.invitation), "ben");
    await say(page, `a word from ${width} by ${height}`);
    await shown(page, `a word from ${width} by ${height}`);
    expect(await overflow(page)).toEqual([]);
    expect(await findViolations(page)).toEqual([]);
    for (const name of DIALOGS) {
      const button = page.getByRole("button", { name, exact: true });
      if (!(await button.isVisible())) continue;
      await button.tap();
      await openedDialog(page);
      expect(await overflow(page)).toEqual([]);
      await expectInside(page, "dialog[open]", [0, 0, width, height]);
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole("dialog").getByRole("button", { name: "Close" }).tap();
      await page.locator("dialog[open]").waitFor({ state: "detached" });
    }

    // Chromium and Firefox make the page smaller while their keyboard is there.
    const KEYBOARD = Math.round(height * 0.45);
    await field(page).tap();
    await page.setViewportSize({ width, height: height - KEYBOARD });
    await expectInside(page, "#message", [0, 0, width, height - KEYBOARD]);
    await shown(page, `a word from ${width} by ${height}`);
    await page.setViewportSize({ width, height });
    // Safari lays it over the page.
    await page.evaluate(`{
      Object.defineProperty(visualViewport, "height", { get: () => ${height - KEYBOARD}, configurable: true });
      visualViewport.dispatchEvent(new Event("resize"));
    }`);
    await expectInside(page, "#message", [0, 0, width, height - KEYBOARD]);
    await expectInside(page, ".head", [0, 0, width, height - KEYBOARD]);
    await page.getByRole("button", { name: "Menu" }).tap();
    await openedDialog(page);
    await expectInside(page, "dialog[open]", [0, 0, width, height - KEYBOARD]);
    expect(phone.messages).toEqual([]);
  });
}

fullTestWith(
  [CHROMIUM],
  "nothing is under the camera, the corners and the bar of a phone",
  async () => {
    for (const [width, height, insets] of [
      [390, 844, { top: 47, left: 0, bottom: 34, right: 0 }],
      [844, 390, { top: 0, left: 47, bottom: 21, right: 47 }],
      [740, 390, { top: 0, left: 47, bottom: 21, right: 47 }],
    ] as const) {
      await using phone = await browser.openPhone({ width, height });
      const { page } = phone;
      const session = await page.context().newCDPSession(page);
      await session.send("Emulation.setSafeAreaInsetsOverride", { insets });
      const free = [insets.left, insets.top, width - insets.right, height - insets.bottom];
      await page.goto(linkTo(server.invitation));
      await page.getByRole("textbox", { name: "Your name" }).waitFor();
      await expectInside(page, ".card", free);
      await join(page, linkTo(server.invitation), "ben");
      for (const selector of [".head h1", ".head .icon-button:last-child", "#message", ".send"]) {
        await expectInside(page, selector, free);
      }
      await say(page, `beside ${insets.left} and ${insets.top}, ${width} wide`);
      await shown(page, `beside ${insets.left} and ${insets.top}, ${width} wide`);
      await expectInside(page, ".messages li:last-child .text", free);
      if (width === 844) await expectInside(page, ".side li button", free);
      for (const name of DIALOGS) {
        const button = page.getByRole("button", { name, exact: true });
        if (!(await button.isVisible())) continue;
        await button.tap();
        await openedDialog(page);
        await expectInside(page, "dialog[open] .icon-button", free);
        if (name !== "People and rooms") await expectInside(page, "dialog[open]", free);
        await page.keyboard.press("Escape");
        await page.locator("dialog[open]").waitFor({ state: "detached" });
      }
    }
  },
);

/** Presses Tab until the control with this name has the focus. */
async function tabTo(page: Page, name: string | RegExp, key = "Tab"): Promise<void> {
  const names: string[] = [];
  for (let stops = 0; stops < 40; stops += 1) {
    const focused = page.locator("*:focus");
    const isThere =
      (await page
        .getByRole("button", { name })
        .or(page.getByRole("textbox", { name }))
        .or(page.getByRole("link", { name }))
        .and(focused)
        .count()) > 0;
    if (isThere) return;
    names.push(await page.evaluate<string>("document.activeElement.outerHTML.slice(0, 80)"));
    await page.keyboard.press(key);
  }
  throw new Error(`no Tab leads to ${String(name)}: ${names.join("\n")}`);
}

fullTestWith([CHROMIUM], "everything is done by keyboard alone", async () => {
  await using phone = await browser.openPhone({ width: 390, height: 844 });
  const { page } = phone;
  const { keyboard } = page;
  const enter = async (text: string) => {
    await keyboard.type(text);
    await keyboard.press("Enter");
  };
  const open = async (name: string) => {
    await tabTo(page, name, "Shift+Tab");
    await keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
  };
  const closed = () => page.locator("dialog[open]").waitFor({ state: "detached" });
  await page.goto(linkTo(server.invitation));
  // A field has the focus where there is one thing to write.
  const asked = (name: string) =>
    page.getByRole("textbox", { name }).and(page.locator("*:focus")).waitFor();
  await asked("Your name");
  await enter("tom");
  await field(page).waitFor();
  await enter("by keyboard");
  await shown(page, "by keyboard");

  await open("Search");
  await enter("keyboard");
  await page.getByText("1 message found").waitFor();
  await tabTo(page, /by keyboard/);
  await keyboard.press("Enter");
  await page.locator(".sought").waitFor();
  await closed();

  await open("People and rooms");
  await tabTo(page, "ana");
  await keyboard.press("Enter");
  await tabTo(page, "Mention");
  await keyboard.press("Enter");
  await closed();
  await enter("is that right?");
  await shown(page, "ana: is that right?");

  await open("Menu");
  await tabTo(page, "Change your name");
  await keyboard.press("Enter");
  await asked("Your name");
  await keyboard.press("Control+A");
  await enter("tim");
  await page.getByText("tom is now tim").waitFor();
  await closed();

  await open("People and rooms");
  await tabTo(page, "Another room");
  await keyboard.press("Enter");
  await asked("Name of the room");
  await enter("tea");
  await page.getByRole("heading", { name: "tea", level: 1 }).waitFor();
  await enter("who is here?");
  await shown(page, "who is here?");
  await keyboard.press("Escape");

  await open("Invite");
  await tabTo(page, "Close");
  await keyboard.press("Enter");
  await closed();
  await open("Menu");
  await tabTo(page, "Leave");
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: "You left." }).waitFor();
  await tabTo(page, "Join again");
  await keyboard.press("Enter");
  await shown(page, "who is here?");
  expect(phone.messages).toEqual([]);
});
