// The page in Chromium, from a real server and a real relay, in a conversation with terminals and pipes.

import { afterAll, expect } from "bun:test";

import { CHROMIUM, oneBrowser } from "../harness/browser.ts";
import { runCharla } from "../harness/in-process.ts";
import { testWith } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { charla } from "../harness/program.ts";
import { startSealedServerProcess } from "../harness/sealed-server.ts";
import { field, join, linkTo, say, shown, showsAll } from "./joined-page.ts";

const browser = oneBrowser();
afterAll(() => browser[Symbol.asyncDispose]());

/** Another key or secret of the same length. */
function changed(text: string): string {
  return (text.startsWith("A") ? "B" : "A") + text.slice(1);
}

testWith([CHROMIUM], "a page and a pipe talk, and each message has its mark", async () => {
  await using server = await startSealedServerProcess(["--bind", "127.0.0.1", "--ephemeral"]);
  await using window = await browser.openWindow();
  const { page } = window;
  await join(page, linkTo(server.invitation), "ben");
  await say(page, "hello from a page\nwith two lines");
  await server.until("stdout", "ben: hello from a page");
  server.type("hello, ben\n");
  await shown(page, "hello, ben");
  await page.locator(".message .mark").first().waitFor();
  await showsAll(page, ["hello from a page\nwith two lines", "hello, ben"]);
  const sent = await runCharla([
    "send",
    "--to",
    server.invitation,
    "--name",
    "eva",
    "from a script",
  ]);
  expect(sent.status).toBe(0);
  await shown(page, "from a script");
  expect(window.messages).toEqual([]);
});

testWith(
  [CHROMIUM],
  "what is typed while the server is killed waits, and comes once and in order when it is back",
  async () => {
    using ana = newPerson();
    const port = `${await reservePort()}`;
    const options = ["--bind", "127.0.0.1", "--port", port];
    await using window = await browser.openWindow();
    const { page } = window;
    {
      await using server = await startSealedServerProcess(options, { as: ana });
      await join(page, linkTo(server.invitation), "ben");
      await say(page, "before");
      await server.until("stdout", "ben: before");
      server.signal("SIGKILL");
      await server.exited;
    }
    await page.getByRole("status").getByText("Connection lost; reconnecting").waitFor();
    for (let index = 1; index <= 5; index += 1) await say(page, `waits ${index}`);
    await using server = await startSealedServerProcess(options, { as: ana });
    await server.until("stdout", "ben: waits 5");
    const waited = [1, 2, 3, 4, 5].map((index) => `waits ${index}`);
    expect(server.stdout.match(/(?<=ben: waits ).*/g)).toEqual(["1", "2", "3", "4", "5"]);
    await showsAll(page, ["before", ...waited]);
  },
);

testWith(
  [CHROMIUM],
  "messages are sent once each by a page that is loaded again while it sends them",
  async () => {
    await using server = await startSealedServerProcess(["--bind", "127.0.0.1", "--ephemeral"]);
    await using window = await browser.openWindow();
    const { page } = window;
    await join(page, linkTo(server.invitation), "ben");
    for (let index = 1; index <= 20; index += 1) await say(page, `number ${index}`);
    await page.reload();
    await field(page).waitFor();
    await say(page, "the end");
    await server.until("stdout", "ben: the end");
    const expected = Array.from({ length: 20 }, (_, index) => `number ${index + 1}`);
    expected.push("the end");
    expect(Array.from(server.stdout.matchAll(/(?<=ben: ).*/g), ([text]) => text)).toEqual(expected);
    await showsAll(page, expected);
  },
);

testWith(
  [CHROMIUM],
  "a wrong secret, a cut link, a room that can't be and another server's key are refused in words",
  async () => {
    await using server = await startSealedServerProcess(["--bind", "127.0.0.1", "--ephemeral"]);
    const link = linkTo(server.invitation);
    const [before = "", key = "", secret = ""] = link.split(/[#.](?=[\w-]{22})/);
    for (const [wrong, words] of [
      [`${before}#${key}.${changed(secret)}`, /does not take this invitation/],
      [`${before}#${changed(key)}.${secret}`, /is not the server that made this invitation/],
    ] as const) {
      await using window = await browser.openWindow();
      const { page } = window;
      await page.goto(wrong);
      const name = page.getByRole("textbox", { name: "Your name" });
      await name.or(page.getByText(words)).waitFor();
      // The browser knows it the second time.
      if (await name.isVisible()) {
        await name.fill("ben");
        await name.press("Enter");
      }
      await page.getByText(words).waitFor();
    }
    for (const [wrong, words] of [
      [link.slice(0, -3), "it was cut off"],
      [link.replace("/main#", "/a%20room#"), "no room has the name in the invitation"],
    ] as const) {
      await using window = await browser.openWindow();
      await window.page.goto(wrong);
      await window.page.getByText(words).waitFor();
      expect(await window.page.getByRole("textbox", { name: "Your name" }).count()).toBe(0);
    }
  },
);

testWith(
  [CHROMIUM],
  "a page from a relay talks with a server behind it, and the relay sees no word",
  async () => {
    await using relay = charla(["relay", "--bind", "127.0.0.1", "--port", "0"]);
    const [, relayPort] = await relay.until("stderr", /^relaying on 127\.0\.0\.1:(\d+)$/m);
    await using server = await startSealedServerProcess([
      "--bind",
      "127.0.0.1",
      "--ephemeral",
      "--no-web",
      "--relay",
      `127.0.0.1:${relayPort}`,
    ]);
    const [, end] = server.invitation.split("#");
    await using window = await browser.openWindow();
    const { page } = window;
    const frames: Buffer[] = [];
    const keep = ({ payload }: { readonly payload: string | Buffer }) => {
      frames.push(Buffer.from(payload));
    };
    page.on("websocket", (socket) => {
      socket.on("framesent", keep);
      socket.on("framereceived", keep);
    });
    await join(page, `http://127.0.0.1:${relayPort}/main#${end},relay:${relayPort}`, "ben");
    await say(page, "a word that nobody else reads");
    await server.until("stdout", "ben: a word that nobody else reads");
    server.type("and another one\n");
    await shown(page, "and another one");
    expect(frames.length).toBeGreaterThan(4);
    const seen = Buffer.concat(frames).toString("latin1");
    for (const word of ["a word", "another", "ben", "ana", "main"])
      expect(seen).not.toContain(word);
  },
);

testWith(
  [CHROMIUM],
  "of two tabs one has the room, another takes it, and each message is there once",
  async () => {
    await using server = await startSealedServerProcess(["--bind", "127.0.0.1", "--ephemeral"]);
    await using window = await browser.openWindow();
    const { page } = window;
    const link = linkTo(server.invitation);
    await join(page, link, "ben");
    await say(page, "from the first tab");
    await server.until("stdout", "ben: from the first tab");
    const other = await page.context().newPage();
    await other.goto(link);
    await other.getByRole("button", { name: "Use it here" }).click();
    await field(other).waitFor();
    await page.getByRole("button", { name: "Use it here" }).waitFor();
    await say(other, "from the second tab");
    await server.until("stdout", "ben: from the second tab");
    await showsAll(other, ["from the first tab", "from the second tab"]);
    // What is closed has it no longer, and the one that waits goes on by itself.
    await other.close();
    await field(page).waitFor();
    await say(page, "and the first again");
    await server.until("stdout", "ben: and the first again");
    await showsAll(page, ["from the first tab", "from the second tab", "and the first again"]);
  },
);
