// Takes the pictures of the page in this folder: the talk of render.ts as Eva has it on a phone, in light and dark.
//
//   bun docs/pictures/page.ts

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { joinRoom } from "../../src/client/join-room.ts";

const here = import.meta.dir;
const main = join(here, "..", "..", "src", "cli", "main.ts");
const TELEPHONE = { width: 390, height: 480 };

const home = mkdtempSync(join(tmpdir(), "charla-home-"));
const server = Bun.spawn(
  [
    process.execPath,
    main,
    ..."--server --name ana --json --ephemeral --bind 127.0.0.1 --port 0".split(" "),
  ],
  {
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  },
);
const browser = await chromium.launch({
  executablePath: Bun.which("chromium") ?? "chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const { invitation, page: link } = await readInvitation(server.stdout);
  // From source, the page is bundled at the first request.
  while (!(await isServed(link))) await Bun.sleep(1_000);
  const page = await browser.newPage({
    viewport: TELEPHONE,
    deviceScaleFactor: 2,
    locale: "en-GB",
  });
  await page.goto(link);
  await page.getByRole("textbox").fill("eva");
  await page.getByRole("textbox").press("Enter");
  const field = page.getByRole("textbox", { name: "Message to main" });
  const ben = joinRoom(invitation, { name: "ben" });
  const reading = drain(ben.events);
  for (const [who, text] of [
    ["ben", "hello Ana, are you there?"],
    ["ana", "I am. What a nice surprise!"],
    [
      "eva",
      "the plan is at https://example.org/plans/2026/autumn-meeting.html and I would like to hear what you think of its second part before Thursday",
    ],
    ["ana", "eva: can you bring the projector?"],
  ] as const) {
    if (who === "ben") await ben.say(text);
    else if (who === "ana") {
      void server.stdin.write(`${text}\n`);
      await server.stdin.flush();
    } else {
      await field.fill(text);
      await field.press("Enter");
    }
    await page.locator(".message .text").getByText(text.slice(0, 20)).waitFor();
  }
  await field.fill("with pleasure");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(here, `page-${colorScheme}.png`) });
  }
  await ben.leave();
  await reading;
} finally {
  await browser.close();
  server.kill();
  await server.exited;
  rmSync(home, { recursive: true });
}

async function isServed(link: string): Promise<boolean> {
  const response = await fetch(link).catch(() => null);
  return response?.ok === true;
}

async function readInvitation(
  output: ReadableStream<Uint8Array>,
): Promise<{ readonly invitation: string; readonly page: string }> {
  // Not by `for await`, which closes the pipe when it is left.
  const reader = output.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
    const [line] = /^.*"type":"invitation".*$/m.exec(text) ?? [];
    if (line !== undefined) return JSON.parse(line);
  }
  throw new Error("the server printed no invitation");
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}
