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
    expect(await calls(window, "history")).toEqual([]);

    await page.evaluate("document.querySelector('.messages').scrollTop = 600");
    await Bun.sleep(50);
    const before = await seenRow(window);
    await window.until("fixture.heard.some(([what]) => what === 'history')");
    await Bun.sleep(100);
    expect(await seenRow(window)).toEqual(before);
    expect(await calls(window, "history")).toEqual([["history", 100, 251, null]]);

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
  // The dialog was drawn anew, and the keyboard is where it was.
  await window.until("document.activeElement.textContent === 'Copy'");
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
        await page.getByRole("button", { name: "Mention" }).click();
        // In the field, to be gone on with.
        await window.until("document.activeElement.id === 'message'");
        expect(await page.locator("#message").inputValue()).toBe("eva: ");
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
    expect(await page.evaluate<string>("document.activeElement.id")).toBe("message");
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

testWith([CHROMIUM], "a draft is not put into a field that is written in already", async () => {
  await using window = await pages.open();
  await window.page.evaluate("fixture.losePlace()");
  await window.start({ draft: "half a sentence" });
  await runLine(window, "half a sentence, and the other half");
  await window.page.evaluate("fixture.getPlace()");
  await window.until("fixture.heard.some(([what]) => what === 'say')");
  await window.until("fixture.heard.some(([what]) => what === 'watch')");
  expect(await window.page.locator("#message").inputValue()).toBe("");
});

testWith([CHROMIUM], "what came since the last visit is below a line", async () => {
  await using window = await pages.open();
  const { page } = window;
  await window.start({ log: messages(20), read: { main: 15 } });
  const line = page.locator("li", { has: page.locator(".new") });
  await line.waitFor();
  expect(await line.locator(".text").textContent()).toBe("message 16");
});

testWith([CHROMIUM], "a limited invitation is shown with its code", async () => {
  await using window = await pages.open();
  const { page } = window;
  await window.start({ owner: true });
  await runLine(window, "/invite --uses 1");
  const field = page.getByRole("textbox", { name: "Command for a terminal" });
  expect(await field.inputValue()).toBe("charla 'charla://192.0.2.7/main#key.limited'");
  expect(await page.getByRole("textbox", { name: "Link for a browser" }).count()).toBe(0);
});

testWith([CHROMIUM], "names and texts of another direction stay in their place", async () => {
  await using window = await pages.open({ width: 320, height: 640 });
  const { page } = window;
  await window.start();
  await window.play(
    { ...said(1, "שלום (hello)"), from: "משה", fingerprint: "SHA256:moshe" },
    { type: "renamed", from: "ben", to: "\u202Egnp.exe" },
  );
  await page.locator(".message").waitFor();
  const direction = (selector: string) =>
    page.evaluate<string>(`getComputedStyle(document.querySelector("${selector}")).direction`);
  expect(await direction(".message .text")).toBe("rtl");
  expect(await direction(".message")).toBe("ltr");
  expect(await page.locator(".line .text").textContent()).toBe("ben is now \\u{202e}gnp.exe");
});

testWith([CHROMIUM], "the page speaks Spanish where the browser does", async () => {
  await using window = await pages.open();
  const { page } = window;
  await page.evaluate("Object.defineProperty(navigator, 'languages', { value: ['es-AR', 'en'] })");
  await window.start({ log: messages(1) });
  await page.getByRole("textbox", { name: "Mensaje para main" }).waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("es");
  await window.play({ type: "left", peer: "ben", reason: "" });
  await page.getByText("ben ha salido").waitFor();
  await runLine(window, "/lock");
  await page.getByText("La sala está cerrada: nadie más puede entrar.").waitFor();
});

testWith(
  [CHROMIUM],
  "notifications are asked for by a button, and tell of what nobody sees",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await page.evaluate(`(() => {
    window.asked = 0;
    window.shown = [];
    window.Notification = class extends EventTarget {
      static permission = "default";
      static async requestPermission() {
        window.asked += 1;
        return (this.permission = "granted");
      }
      constructor(title, { body }) {
        super();
        window.shown.push([title, body]);
      }
    };
  })()`);
    await window.start();
    expect(await page.evaluate<number>("asked")).toBe(0);
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("button", { name: "Turn notifications on" }).click();
    await page.getByRole("button", { name: "Turn notifications off" }).waitFor();
    await page.keyboard.press("Escape");
    await window.play(said(1, "while you look"));
    await page.evaluate("document.hasFocus = () => false; window.dispatchEvent(new Event('blur'))");
    await window.play(said(2, "while you don't"));
    await window.until("shown.length > 0");
    expect(await page.evaluate<unknown>("shown")).toEqual([["ben (main)", "while you don't"]]);
  },
);

testWith(
  [CHROMIUM],
  "all of the page can be done by keyboard, and Escape gives the focus back",
  async () => {
    await using window = await pages.open({ width: 320, height: 640 });
    const { page } = window;
    await window.start({ log: messages(3) });
    await page.locator("#message").waitFor();
    const focused = () =>
      page.evaluate<string>(
        "document.activeElement.ariaLabel ?? document.activeElement.textContent ?? ''",
      );
    const stops: string[] = [];
    // Behind the field the page begins anew.
    await page.keyboard.press("Tab");
    for (let stop = 0; stop < 7; stop += 1) {
      await page.keyboard.press("Tab");
      stops.push(await focused());
    }
    expect(stops).toEqual([
      "Go to the message field",
      "People and rooms",
      "Search",
      "Invite",
      "Menu",
      "Messages",
      "",
    ]);
    await page.getByRole("button", { name: "Menu" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
    await page.keyboard.press("Escape");
    await window.until("document.querySelector('dialog[open]') === null");
    expect(await focused()).toBe("Menu");
  },
);

testWith(
  [CHROMIUM],
  "a tab that another one has taken the room from says so, and takes it back",
  async () => {
    await using window = await pages.open();
    const { page } = window;
    await window.start({ log: messages(3) });
    await page.getByText("message 3", { exact: true }).waitFor();
    await page.evaluate("fixture.losePlace()");
    await page.getByRole("heading", { name: "The conversation is open in another tab." }).waitFor();
    await page.getByRole("button", { name: "Use it here" }).click();
    await page.getByText("message 3", { exact: true }).waitFor();
    expect(await calls(window, "take")).toEqual([["take"]]);
  },
);

testWith([CHROMIUM], "what is written while the room is being entered is said in it", async () => {
  await using window = await pages.open();
  const { page } = window;
  await page.evaluate("fixture.losePlace()");
  await window.start();
  const field = page.getByRole("textbox", { name: "Message to main" });
  for (const text of ["one", "two"]) {
    await field.fill(text);
    await field.press("Enter");
  }
  await runLine(window, "/kick eva");
  await page.getByRole("img", { name: "Waits for the connection" }).nth(1).waitFor();
  expect(await calls(window, "say")).toEqual([]);
  // Should the page be closed now, it is in the field the next time.
  expect(await calls(window, "draft")).toContainEqual(["draft", "main", "one\ntwo"]);
  await page.evaluate("fixture.getPlace()");
  await window.until("fixture.heard.some(([what]) => what === 'kick')");
  expect(await calls(window, "say")).toEqual([
    ["say", "one"],
    ["say", "two"],
  ]);
  await window.deliver();
  await page.getByRole("img", { name: "Delivered" }).nth(1).waitFor();
});
