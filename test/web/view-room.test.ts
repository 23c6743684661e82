// What people do in a room on the page, in Chromium: read what was before, search, find their place again, ask and decide.

import { afterAll, expect } from "bun:test";

import { CHROMIUM } from "../harness/browser.ts";
import { testWith } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { messages, NOON, viewPages, type ViewWindow } from "./view-page.ts";

const pages = viewPages();
afterAll(() => pages[Symbol.asyncDispose]());

/** The calls of one kind that the page has made. */
async function calls(window: ViewWindow, kind: string): Promise<unknown[]> {
  return (await window.heard()).filter((call) => Array.isArray(call) && call[0] === kind);
}

function said(sequence: number, text: string, time = NOON) {
  const [from, fingerprint] = ["ben", "SHA256:ben"];
  return { type: "message", from, fingerprint, text, sequence, time } as const;
}

async function runLine({ page }: ViewWindow, line: string): Promise<void> {
  await page.locator("#message").fill(line);
  await page.keyboard.press("Enter");
}

/** What is in the middle of the list, and where on the screen. */
async function seenRow({ page }: ViewWindow): Promise<{ text: string; top: number }> {
  return page.evaluate(`(() => {
    const list = document.querySelector(".messages").getBoundingClientRect();
    const rows = [...document.querySelectorAll(".messages li")];
    const row = rows.find((each) => each.getBoundingClientRect().bottom > list.top + list.height / 2);
    return {
      text: row.querySelector(".text").textContent,
      top: Math.round(row.getBoundingClientRect().top),
    };
  })()`);
}

testWith(
  [CHROMIUM],
  "what was said before comes by scrolling up, and what is read stays in its place",
  async () => {
    await using window = await pages.open({ width: 360, height: 640 });
    const { page } = window;
    await window.start({ log: messages(350) });
    await page.getByText("message 350", { exact: true }).waitFor();
    expect(await calls(window, "history")).toEqual([["history", 100, null, null]]);

    await page.evaluate("document.querySelector('.messages').scrollTop = 600");
    await Bun.sleep(50);
    const before = await seenRow(window);
    await window.until("fixture.heard.filter(([what]) => what === 'history').length === 2");
    await Bun.sleep(100);
    expect(await seenRow(window)).toEqual(before);
    expect((await calls(window, "history"))[1]).toEqual(["history", 100, 251, null]);

    await window.play(said(351, "below"));
    expect(await seenRow(window)).toEqual(before);
    for (;;) {
      await page.evaluate("document.querySelector('.messages').scrollTop = 0");
      const first = page.getByText("message 1", { exact: true });
      if (await first.isVisible()) break;
      await Bun.sleep(20);
    }
    expect(await page.locator(".top").textContent()).toBe("This is where the conversation begins.");
    await page.getByRole("button", { name: /newest|new message/ }).click();
    await page.getByText("below", { exact: true }).waitFor();
  },
);

testWith(
  [CHROMIUM],
  "of 10,000 messages a few screens are elements, and each can be scrolled to",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await window.start();
    const all = messages(10_000).map(({ sequence, text }) => said(sequence, text));
    await window.play(...all);
    await page.getByText("message 10000", { exact: true }).waitFor();
    for (const part of [0.5, 0, 0.9, 1]) {
      await page.evaluate(
        `(() => { const list = document.querySelector(".messages"); list.scrollTop = list.scrollHeight * ${part}; })()`,
      );
      await Bun.sleep(50);
      const { text } = await seenRow(window);
      const number = Number(text.split(" ")[1]);
      expect(Math.abs(number - part * 10_000)).toBeLessThan(500);
      expect(await page.locator(".messages li").count()).toBeLessThan(150);
    }
  },
);

testWith([CHROMIUM], "what nobody has seen is below a line, and counted in the title", async () => {
  await using window = await pages.open();
  const { page } = window;
  await window.start({ log: messages(60) });
  await page.getByText("message 60", { exact: true }).waitFor();
  await window.until("document.title === 'main - charla'");
  await page.evaluate("document.querySelector('.messages').scrollTop -= 400");
  await Bun.sleep(50);
  await window.play(said(61, "one"), said(62, "two"));
  await window.until("document.title === '(2) main - charla'");
  await page.getByRole("button", { name: "2 new messages" }).click();
  await window.until("document.title === 'main - charla'");
  const line = page.locator("li", { has: page.locator(".new") });
  expect(await line.locator(".text").textContent()).toBe("one");
  expect((await calls(window, "read")).at(-1)).toEqual(["read", "main", 62]);
  await runLine(window, "seen");
  await window.until("document.querySelector('.new') === null");
});

testWith(
  [CHROMIUM],
  "a screen reader hears what others say, and nothing of what was said before",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await window.start({ log: messages(30) });
    await page.getByText("message 30", { exact: true }).waitFor();
    await window.play(said(31, "hello"));
    const announced = page.getByRole("log").locator("p");
    await announced.first().waitFor({ state: "attached" });
    expect(await announced.allTextContents()).toEqual(["ben: hello"]);
  },
);

testWith(
  [CHROMIUM],
  "a message that is refused says why, and can be written again or discarded",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await window.start();
    await runLine(window, "too much");
    await window.refuse("the room is full");
    await page.locator(".failure").waitFor();
    expect(await page.locator(".failure p").textContent()).toBe(
      "Not sent: the room is full\nask the owner",
    );
    await page.getByRole("button", { name: "Edit again" }).click();
    expect(await page.locator("#message").inputValue()).toBe("too much");
    await window.until("document.querySelector('.message') === null");
  },
);

testWith([CHROMIUM], "the connection is said while it is not as it should be", async () => {
  await using window = await pages.open();
  const { page } = window;
  await window.start();
  const status = page.locator(".connection");
  const says = async (text: string) => {
    await until(`the page says: ${text}`, async () => (await status.textContent()) === text);
  };
  await says("");
  await window.play({ type: "silent", seconds: 5 });
  await says("No contact with the server for 5 s");
  await window.play({ type: "disconnected", message: "no answer" });
  await says("Connection lost; reconnecting. What you write is sent then.");
  await runLine(window, "later");
  await page.getByRole("img", { name: "Waits for the connection" }).waitFor();
  await window.play({ type: "reconnected" });
  await says("");
});

testWith([CHROMIUM], "the invitation is shown with its code, and copied", async () => {
  await using window = await pages.open();
  const { page } = window;
  await window.start();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByRole("img", { name: "QR code of the invitation" }).waitFor();
  await page.getByRole("button", { name: "Copy" }).first().click();
  await page.getByText("Copied").waitFor();
  const link = await page.getByRole("textbox", { name: "Link for a browser" }).inputValue();
  expect(await page.evaluate<string>("navigator.clipboard.readText()")).toBe(link);
  expect(link).toContain("/main#");
});

testWith([CHROMIUM], "a search shows what it found, and goes to where that was said", async () => {
  await using window = await pages.open();
  const { page } = window;
  await window.start({ log: messages(300, (number) => (number === 20 ? "the needle" : "hay")) });
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("searchbox").fill("needle");
  await page.keyboard.press("Enter");
  await page.getByText("1 message found").waitFor();
  await page.locator(".result").click();
  const found = page.locator(".messages .sought .text");
  await found.waitFor();
  expect(await found.textContent()).toBe("the needle");
  expect(await page.locator("dialog[open]").count()).toBe(0);
});

testWith(
  [CHROMIUM],
  "the owner removes, mutes and bans somebody by their menu; others can't",
  async () => {
    for (const owner of [true, false]) {
      await using window = await pages.open();
      const { page } = window;
      const members = [
        { name: "ana", fingerprint: "SHA256:ana", away: false, owner },
        { name: "eva", fingerprint: "SHA256:eva", away: false },
      ];
      await window.start({ owner, members });
      const open = () => page.getByRole("button", { name: "eva" }).click();
      await open();
      if (!owner) {
        await page.getByRole("button", { name: "Mention" }).waitFor();
        expect(await page.getByRole("button", { name: /Mute|Remove|Ban|operator/ }).count()).toBe(
          0,
        );
        continue;
      }
      for (const name of [
        "Mute",
        "Make an operator",
        "Remove from the room",
        "Ban from the server",
      ]) {
        await page.getByRole("button", { name }).click();
        await window.until("document.querySelector('dialog[open]') === null");
        await open();
      }
      const done = (await window.heard()).slice(-4);
      expect(done).toEqual([
        ["mute", "eva", true],
        ["op", "eva", true],
        ["kick", "eva"],
        ["ban", "eva"],
      ]);
    }
  },
);

testWith(
  [CHROMIUM],
  "rooms are listed with what is new in them, and entered with a click",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await window.start({ rooms: ["main", "lunch", "support"], read: { lunch: 4 } });
    await page.getByRole("button", { name: "lunch" }).waitFor();
    expect(await calls(window, "watch")).toEqual([["watch", [{ room: "lunch", after: 4 }]]]);
    await window.play({
      type: "news",
      rooms: [{ room: "lunch", after: 4, unread: 7, mentions: 2 }],
    });
    await window.until("document.title === '(2) main - charla'");
    await page.getByRole("button", { name: "lunch 7 new messages" }).click();
    await page.getByRole("heading", { name: "lunch" }).waitFor();
    expect(await calls(window, "join")).toEqual([
      ["join", { name: "ana", room: "main" }],
      ["join", { name: "ana", room: "lunch" }],
    ]);
    expect(await calls(window, "leave")).toEqual([["leave"]]);
  },
);

testWith(
  [CHROMIUM],
  "commands do what they do in a terminal, and a mistake can be corrected",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await window.start({ owner: true, rooms: ["main", "lunch"] });
    await runLine(window, "/kick @eva");
    await runLine(window, "/name Ana María");
    await runLine(window, "//shrug");
    await runLine(window, "/way");
    await page.getByText("You reach the server directly, by WebSocket. (21 ms)").waitFor();
    await runLine(window, "/delete lunch");
    await page.getByText("This deletes lunch and its 10 messages for good.").waitFor();
    await page.getByRole("button", { name: "Delete the room" }).click();
    await page.getByText("lunch is deleted.").waitFor();
    await runLine(window, "/nick tom");
    await page.getByText("did you mean /name?").waitFor();
    expect(await page.locator("#message").inputValue()).toBe("/nick tom");
    const done = await window.heard();
    for (const call of [
      ["kick", "eva"],
      ["rename", "Ana María"],
      ["say", "/shrug"],
      ["delete", "lunch"],
    ]) {
      expect(done).toContainEqual(call);
    }
  },
);

testWith([CHROMIUM], "who leaves can join again", async () => {
  await using window = await pages.open();
  const { page } = window;
  await window.start();
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByRole("heading", { name: "You left." }).waitFor();
  await page.getByRole("button", { name: "Join again" }).click();
  await page.locator("#message").waitFor();
  expect((await calls(window, "join")).length).toBe(2);
});

testWith([CHROMIUM], "a draft that was kept is in the field", async () => {
  await using window = await pages.open();
  await window.start({ draft: "half a sentence" });
  await window.until("document.querySelector('#message').value !== ''");
  expect(await window.page.locator("#message").inputValue()).toBe("half a sentence");
});
