// What others write and call themselves, in the page of a real server: nothing of it is markup or runs, nothing leaves its row,
// and it is shown by the rules of the terminal.

import { afterAll, expect } from "bun:test";
import { randomBytes } from "node:crypto";

import type { Page } from "playwright-core";

import { parseInvitation, secretToPsk } from "../../src/identity/invitation.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { visibleText } from "../../src/terminal/visible-text.ts";
import { CHROMIUM, oneBrowser } from "../harness/browser.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { forFullTests, fullTestWith } from "../harness/peer-programs.ts";
import { type SealedServer, startSealedServer } from "../harness/sealed-server.ts";
import { join, linkTo, shown } from "./joined-page.ts";
import { NOON, viewPages } from "./view-page.ts";

const browser = oneBrowser();
let server: SealedServer;
afterAll(() => browser[Symbol.asyncDispose]());
forFullTests(async (shared) => {
  server = shared.use(await startSealedServer(["--bind", "127.0.0.1", "--ephemeral"]));
});

/** Fonts draw each above the one before. */
const MARKS = "\u0301".repeat(1_000);

/** Each is one message; none has a newline, which a pipe would take for the end of it. */
const TEXTS = [
  `Z${MARKS}algo`,
  "<img src=x onerror=alert(1)><script>alert(1)</script><style>*{display:none}</style>",
  "&lt;b&gt; <b>bold</b> </div></li></ol> ${alert(1)} {{1}}",
  "\u001b[2J\u001b]0;title\u0007\u001b[31mred\u009b0m\u0008\u0008\u007f",
  "\u202Egnp.exe\u202C \u2066a\u2067b \u200Fright\u200E \u061c",
  "zero\u200Bwidth\uFEFF a\u00ADb \u2028line\u2029 \u{E0041}tag \u3164filler",
  "W".repeat(10_000),
  "\u0645\u0631\u062D\u0628\u0627 \u202B https://example.org/\u05D0?a=(b)",
  "javascript:alert(1) data:text/html,<script>alert(1)</script> file:///etc/passwd vbscript:x",
  "https://ana@evil.example/ http://xn--80ak6aa92e.com/ https://\u0430pple.com/ HTTPS://EXAMPLE.ORG/%00",
  "https://example.org/\u202Egro.elpmaxe https://example.org/\u200B/x",
  "\u{1F469}\u200D\u{1F469}\u200D\u{1F467}\u{1F1E6}\u{1F1F7} \u05D0\u05D1 1\uFE0F\u20E3 \uFDFD\uFDFD\uFDFD \u{12031}\u{12031}",
  "--  ana joined \t\t tabs 14:05 ben is now ana",
];

/** What leaves the row that it belongs to, or is drawn over another. */
function findEscapes(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const problems = [];
    const list = document.querySelector(".messages").getBoundingClientRect();
    const rows = [...document.querySelectorAll(".messages li")];
    let bottom = -Infinity;
    for (const row of rows) {
      const box = row.getBoundingClientRect();
      const about = row.textContent.slice(0, 60);
      if (box.top < bottom - 0.5) problems.push(["overlaps the row above", about]);
      if (box.left < list.left - 0.5 || box.right > list.right + 0.5) problems.push(["wider than the list", about]);
      bottom = box.bottom;
      for (const part of row.querySelectorAll(".name, time, .text, .mark, a")) {
        // Of a message that continues the one above they are only heard.
        if (part.offsetWidth <= 1 || part.offsetHeight <= 1) continue;
        const range = document.createRange();
        range.selectNodeContents(part);
        const isClipped = getComputedStyle(part).overflowY !== "visible";
        const pieces = isClipped ? [] : range.getClientRects();
        for (const piece of [part.getBoundingClientRect(), ...pieces]) {
          const isInside = piece.left >= box.left - 0.5 && piece.right <= box.right + 0.5 &&
            piece.top >= box.top - 0.5 && piece.bottom <= box.bottom + 0.5;
          if (!isInside) problems.push([part.className, about, piece.toJSON(), box.toJSON()]);
        }
      }
    }
    if (document.documentElement.scrollWidth > innerWidth) problems.push("the page is wider than the screen");
    return problems;
  })()`);
}

async function scrollTop(page: Page): Promise<void> {
  await page.evaluate("document.querySelector('.messages').scrollTop = 0");
  await page.getByText("what is above").waitFor();
}

/** By less than a screen; resolves once it is drawn, with whether the end is reached. */
async function scrollDown(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(`new Promise((done) => {
    const list = document.querySelector(".messages");
    list.scrollTop += 0.8 * list.clientHeight;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => done(list.scrollTop + list.clientHeight >= list.scrollHeight - 1)),
    );
  })`);
}

/** Elements that the page itself never has. */
const FOREIGN =
  "#page :is(img, script, style, iframe, object, embed, form[action], b, link, meta, [onerror], [onclick], [style*=display])";

for (const [width, colorScheme] of [
  [390, "light"],
  [1000, "dark"],
] as const) {
  fullTestWith(
    [CHROMIUM],
    `no text of others is more than text in its row, ${width} px wide`,
    async () => {
      await using window = await browser.openWindow({ width, height: 844, colorScheme });
      const { page } = window;
      const room = server.invitation.replace("/main#", `/texts-${width}#`);
      await join(page, linkTo(room), "ben");
      const sent = await runCharla(["send", "--to", room, "--name", "eva", "what is above"]);
      expect(sent.status).toBe(0);
      await shown(page, "what is above");
      const above = page.locator(".messages li").first();
      const before = await above.screenshot();

      await using tom = charla([room, "--name", "tom"]);
      await tom.until("stderr", "you are tom");
      for (const text of TEXTS) tom.type(`${text}\n`);
      tom.type("the end\n");
      await shown(page, "the end");
      await scrollTop(page);
      const texts = new Set<string>();
      const links = new Set<string>();
      for (;;) {
        for (const text of await page.locator(".message .text").allTextContents()) texts.add(text);
        for (const link of await page
          .locator(".message a")
          .evaluateAll((all) => all.map((a) => a.href)))
          links.add(link);
        expect(await findEscapes(page)).toEqual([]);
        if (await scrollDown(page)) break;
      }
      expect([...texts]).toEqual(["what is above", ...TEXTS.map(visibleText), "the end"]);
      await scrollTop(page);
      expect(Buffer.compare(await above.screenshot(), before)).toBe(0);

      expect(await page.locator(FOREIGN).count()).toBe(0);
      // The real host of letters that look like others is seen where a browser shows the address.
      expect([...links]).toEqual([
        "https://example.org/%D7%90?a=(b)",
        "https://ana@evil.example/",
        "http://xn--80ak6aa92e.com/",
        "https://xn--pple-43d.com/",
        "https://example.org/%00",
        "https://example.org/",
      ]);
      expect(await page.title()).toBe(`texts-${width} - charla`);
      expect(window.messages).toEqual([]);
      expect(window.requested.filter((url) => !url.includes(`127.0.0.1:${server.port}/`))).toEqual(
        [],
      );
    },
  );
}

/** Names that a server takes. */
const NAMES = [
  "<img src=x onerror=alert(1)>",
  "W".repeat(40),
  "\u05DE\u05E9\u05D4 \u05D1\u05DF \u05D3\u05D5\u05D3",
  "\u1EB9\u0301l\u00E8na",
  "\u{1F469}\u200D\u{1F469}\u200D\u{1F467}",
  "\uFDFD",
];

/** Names that it doesn't. */
const BAD_NAMES = [
  "\u202Eben",
  "b\u200Ben",
  "ben\u001b[31m",
  "ben (owner)",
  `e${MARKS}`,
  "ben\neva",
];

fullTestWith(
  [CHROMIUM],
  "no name of others is more than text in its place, and none is that of somebody who is there",
  async () => {
    const room = server.invitation.replace("/main#", "/names#");
    await using window = await browser.openWindow({ width: 320, height: 640 });
    const { page } = window;
    await join(page, linkTo(room), "ben");
    // What looks like the name of another person gets a number.
    const taken = ["ben", "Ben", "b\u0435n"];
    await using members = new AsyncDisposableStack();
    for (const name of [...taken, ...NAMES]) {
      const member = members.use(charla([room, "--name", name]));
      await member.until("stderr", /you are /);
      member.type(`I am ${name}\n`);
      await shown(page, `I am ${name}`);
    }
    const expected = [...taken.map((name, index) => `${name}-${index + 2}`), ...NAMES];
    expect(await page.locator(".message .name").allTextContents()).toEqual(expected);
    for (const width of [320, 1_000]) {
      await page.setViewportSize({ width, height: 640 });
      expect(await findEscapes(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    await page.getByRole("button", { name: "People and rooms" }).click();
    const drawer = page.getByRole("dialog");
    expect(await drawer.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
    await drawer.getByRole("button", { name: "onerror" }).click();
    expect(await page.getByRole("dialog").getByRole("heading").textContent()).toBe(NAMES[0] ?? "");
    await page.keyboard.press("Escape");
    expect(await page.locator(FOREIGN).count()).toBe(0);
    expect(window.messages).toEqual([]);
  },
);

/** A client that sends what it likes. */
async function openModifiedClient(invitation: string) {
  const { key, secret, ways, room } = parseInvitation(invitation);
  const socket = await openSealedSocket({
    port: 0,
    staticKeys: generateKeyPair(randomBytes(32)),
  });
  const to = { address: "127.0.0.1", port: ways[0]?.port ?? 0 };
  const link = socket.join({ to, psk: secretToPsk(secret), expected: key });
  expect(await link.joined).toBe(true);
  link.receive({ onMessages: () => {} });
  return {
    ended: link.ended,
    send: (frame: unknown) => void link.say(new TextEncoder().encode(JSON.stringify(frame))),
    enter: (name: string) => ({ type: "enter", room, name, device: "a".repeat(22) }),
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

fullTestWith(
  [CHROMIUM],
  "a modified client gets no name and no text to the page that others could not send",
  async () => {
    const room = server.invitation.replace("/main#", "/modified#");
    await using window = await browser.openWindow();
    const { page } = window;
    await join(page, linkTo(room), "ben");
    for (const name of BAD_NAMES) {
      await using client = await openModifiedClient(room);
      client.send(client.enter(name));
      expect(await client.ended).toMatchObject({ reason: "enter: name is not valid" });
    }
    await using client = await openModifiedClient(room);
    client.send(client.enter("eva"));
    client.send({ type: "say", number: 0, text: "half a pair: \ud83d, \ude00" });
    client.send({
      type: "say",
      number: 1,
      text: "/me <b>waves</b>\r\nben: I agree\n14:05 ben yes",
    });
    await page.locator(".message").nth(1).waitFor();
    expect(await page.locator(".message .text").allTextContents()).toEqual([
      "half a pair: \uFFFD, \uFFFD",
      "<b>waves</b>\nben: I agree\n14:05 ben yes",
    ]);
    expect(await page.locator(".message .name").allTextContents()).toEqual(["eva", "eva"]);
    client.send({ type: "say", number: 2, text: "x".repeat(20_000) });
    expect(await client.ended).toMatchObject({ reason: "say: text is not valid" });
    expect(await page.locator(".message").count()).toBe(2);
    expect(await findEscapes(page)).toEqual([]);
    expect(await page.locator(FOREIGN).count()).toBe(0);
    expect(window.messages).toEqual([]);
  },
);

const pages = viewPages();
afterAll(() => pages[Symbol.asyncDispose]());

function said(sequence: number, from: string, text: string) {
  return { type: "message", from, fingerprint: from, text, sequence, time: NOON } as const;
}

fullTestWith([CHROMIUM], "a modified server draws nothing outside of a row either", async () => {
  await using window = await pages.open({ width: 320, height: 640 });
  const { page } = window;
  await window.start();
  await window.play(said(1, "eva", "what is above"));
  const above = page.locator(".messages li").first();
  await above.waitFor();
  const before = await above.screenshot();
  const names = [...BAD_NAMES, "", "x".repeat(2_000), "<b>bold</b>\n".repeat(100)];
  await window.play(
    ...names.map((name, index) => said(2 + index, name, `/me ${name}`)),
    said(100, "tom", "y".repeat(65_000)),
    { type: "joined", peer: `<i>${MARKS}`, fingerprint: "<i>", away: false },
    { type: "left", peer: "ben", reason: `<b>${MARKS}\u202E` },
    { type: "renamed", from: "eva", to: `<b>${MARKS}\u202E` },
    {
      type: "notice",
      code: "<b>",
      message: `<img src=x onerror=alert(1)>${MARKS}`,
      hint: "\u001b[2J",
    },
  );
  await scrollTop(page);
  for (;;) {
    expect(await findEscapes(page)).toEqual([]);
    expect(await page.locator(FOREIGN).count()).toBe(0);
    if (await scrollDown(page)) break;
  }
  await scrollTop(page);
  expect(Buffer.compare(await above.screenshot(), before)).toBe(0);
  expect(window.messages).toEqual([]);
});
