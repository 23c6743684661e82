// The page in Chromium, as people see and use it.

import { afterAll, expect } from "bun:test";

import { CHROMIUM } from "../harness/browser.ts";
import { testWith } from "../harness/peer-programs.ts";
import { findViolations } from "./accessibility.ts";
import { MEMBERS, messages, NOON, viewPages, type ViewWindow } from "./view-page.ts";

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
    await rows.nth(3).waitFor();
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
    await page.getByRole("img", { name: "Delivered" }).nth(1).waitFor();
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
    await page.getByRole("heading", { name: "Join main" }).waitFor();
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
    await page.getByText("not a whole invitation").waitFor();
    await field.fill("charla://example.org/main#key.secret");
    await field.press("Enter");
    expect(await page.evaluate<string[]>("fixture.opened")).toEqual([
      "charla://example.org/main#key.secret",
    ]);
  },
);

async function openDialog({ page }: ViewWindow, name: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
  await page.locator("dialog[open]").waitFor();
}

testWith([CHROMIUM], "no page is wider than a screen of 320 px", async () => {
  await using window = await pages.open({ width: 320, height: 640 });
  const { page } = window;
  const wide = () => page.evaluate<number>("document.documentElement.scrollWidth");
  await window.start({ log: messages(5, () => "x".repeat(500)) });
  expect(await wide()).toBeLessThanOrEqual(320);
  for (const name of ["Invite", "Menu", "Search", "People and rooms"]) {
    await openDialog(window, name);
    expect(await wide()).toBeLessThanOrEqual(320);
    await page.keyboard.press("Escape");
  }
});

for (const [size, width, height] of [
  ["a phone", 320, 640],
  ["a wide screen", 1_000, 700],
] as const) {
  testWith([CHROMIUM], `everybody can use the page on ${size}, in light and in dark`, async () => {
    await using window = await pages.open({ width, height });
    const { page } = window;
    await window.start({
      log: messages(12, (number) => (number === 11 ? "ana: see https://example.org" : "hello")),
      owner: true,
      members: MEMBERS,
      rooms: ["main", "lunch"],
      read: { lunch: 1 },
    });
    await page.locator(".message").first().waitFor();
    await window.play(
      { type: "joined", peer: "tom", fingerprint: "SHA256:tom", away: false },
      { type: "news", rooms: [{ room: "lunch", after: 1, unread: 3, mentions: 1 }] },
      { type: "notice", code: "MUTED", message: "eva is muted" },
      { type: "silent", seconds: 5 },
    );
    await page.locator("#message").fill("hello");
    await page.keyboard.press("Enter");
    await page.locator("#message").fill("/nothing");
    await page.keyboard.press("Enter");
    // Each of twelve hues is somebody's.
    await window.play(
      ...Array.from({ length: 12 }, (_, index) => ({
        type: "message" as const,
        from: `person ${index}`,
        fingerprint: `SHA256:${index}`,
        text: "hello",
        sequence: 100 + index,
        time: NOON,
      })),
    );
    expect(await findViolations(page)).toEqual([]);
    for (const name of ["Invite", "Menu", "Search", "People and rooms"]) {
      const button = page.getByRole("button", { name, exact: true });
      if (!(await button.isVisible())) continue;
      await button.click();
      await page.locator("dialog[open]").waitFor();
      await page.evaluate("Promise.all(document.getAnimations().map(({ finished }) => finished))");
      expect(await findViolations(page)).toEqual([]);
      await page.keyboard.press("Escape");
    }
  });
}

testWith([CHROMIUM], "everybody can use the questions before a room", async () => {
  for (const options of [{ name: null, isSecure: false }, { hasInvitation: false }]) {
    await using window = await pages.open({ width: 320, height: 640 });
    await window.start(options);
    expect(await findViolations(window.page)).toEqual([]);
  }
});

testWith(
  [CHROMIUM],
  "what can be touched is at least 44 px high, but for names in the text",
  async () => {
    await using window = await pages.open({ width: 320, height: 640 });
    const { page } = window;
    await window.start({ log: messages(3) });
    for (const name of [null, "Invite", "Menu", "Search", "People and rooms"]) {
      if (name !== null) await openDialog(window, name);
      const small = await page.evaluate(`[...document.querySelectorAll("button, input, textarea")]
      .filter((control) => control.checkVisibility() && !control.matches(".name"))
      .filter((control) => control.offsetHeight < 44)
      .map((control) => control.outerHTML)`);
      expect(small).toEqual([]);
      if (name !== null) await page.keyboard.press("Escape");
    }
  },
);
