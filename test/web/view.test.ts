// The page in Chromium, as people see and use it.

import { afterAll, expect } from "bun:test";

import { CHROMIUM } from "../harness/browser.ts";
import { testWith } from "../harness/peer-programs.ts";
import { messages, NOON, viewPages } from "./view-page.ts";

const pages = viewPages();
afterAll(() => pages[Symbol.asyncDispose]());

testWith(
  [CHROMIUM],
  "the page shows what was said, and nothing that a peer sends is markup",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await window.start({ log: messages(3) });
    await window.play({
      type: "message",
      from: "ben",
      fingerprint: "SHA256:ben",
      text: "\u001b[31m<b>hi</b> \u202E<img src=x onerror=alert(1)> https://example.org/a?b=1.",
      sequence: 4,
      time: NOON,
    });
    const rows = page.locator(".message .text");
    expect(await rows.allTextContents()).toEqual([
      "message 1",
      "message 2",
      "message 3",
      "^[[31m<b>hi</b> \\u{202e}<img src=x onerror=alert(1)> https://example.org/a?b=1.",
    ]);
    const link = page.locator(".message a");
    expect(await link.getAttribute("href")).toBe("https://example.org/a?b=1");
    expect(await link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    expect(window.messages).toEqual([]);
  },
);

testWith(
  [CHROMIUM],
  "Enter sends, Shift+Enter begins a line, and several pasted lines are one message",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await window.start();
    const field = page.getByRole("textbox", { name: "Message to main" });
    await field.fill("one\ntwo\nthree");
    await field.press("Enter");
    await field.pressSequentially("four");
    await field.press("Shift+Enter");
    await field.pressSequentially("five");
    await field.press("Enter");
    expect(await field.inputValue()).toBe("");
    const said = (await window.heard()).filter((call) => Array.isArray(call) && call[0] === "say");
    expect(said).toEqual([
      ["say", "one\ntwo\nthree"],
      ["say", "four\nfive"],
    ]);
    const marks = page.locator(".message .mark");
    expect(await marks.evaluateAll((all) => all.map((mark) => mark.ariaLabel))).toEqual([
      "Sending",
      "Sending",
    ]);
    await window.deliver();
    expect(await marks.evaluateAll((all) => all.map((mark) => mark.ariaLabel))).toEqual([
      "Delivered",
      "Delivered",
    ]);
  },
);

testWith([CHROMIUM], "Enter that ends a word of an input method sends nothing", async () => {
  await using window = await pages.open();
  const { page } = window;
  await window.start();
  await page.locator("#message").fill("にほん");
  await page.evaluate(
    `document.querySelector("#message").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }))`,
  );
  expect(await page.locator("#message").inputValue()).toBe("にほん");
});

testWith(
  [CHROMIUM],
  "the first visit asks for a name, and says what is wrong with one",
  async () => {
    await using window = await pages.open({ width: 320, height: 640 });
    const { page } = window;
    await window.start({ name: null, isSecure: false });
    expect(await page.getByRole("heading").textContent()).toBe("Join main");
    expect(await page.locator(".caution").textContent()).toContain("plain http");
    const field = page.getByRole("textbox", { name: "Your name" });
    await field.fill("owner");
    await field.press("Enter");
    expect(await page.getByRole("alert").textContent()).toBe(
      "A name has no words of charla's own.",
    );
    await field.fill("ana");
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByRole("textbox", { name: "Message to main" }).waitFor();
    expect(await window.heard()).toContainEqual(["join", { name: "ana", room: "main" }]);
  },
);

testWith(
  [CHROMIUM],
  "without an invitation the page explains itself, and opens a pasted one",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await window.start({ hasInvitation: false });
    const field = page.getByRole("textbox", { name: "Paste an invitation" });
    await field.fill("charla://example.org/main");
    await field.press("Enter");
    expect(await page.getByRole("alert").textContent()).toContain("not a whole invitation");
    await field.fill("charla://example.org/main#key.secret");
    await field.press("Enter");
    expect(await page.evaluate<string[]>("fixture.opened")).toEqual([
      "charla://example.org/main#key.secret",
    ]);
  },
);

testWith([CHROMIUM], "no page is wider than a screen of 320 px", async () => {
  await using window = await pages.open({ width: 320, height: 640 });
  const { page } = window;
  const wide = () => page.evaluate<number>("document.documentElement.scrollWidth");
  await window.start({ log: messages(5, () => "x".repeat(500)) });
  expect(await wide()).toBeLessThanOrEqual(320);
  for (const name of ["Invite", "Menu", "Search", "People and rooms"]) {
    await page.getByRole("button", { name, exact: true }).click();
    expect(await wide()).toBeLessThanOrEqual(320);
    await page.keyboard.press("Escape");
  }
});
