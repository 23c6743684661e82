// Takes the first pictures of the README: one talk, as Ana has it in her terminal and Eva on a phone, in light and dark. A third
// person takes part from a program.
//
//   bun docs/pictures/side-by-side.ts

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Browser, chromium, type Page } from "playwright-core";

import { joinRoom } from "../../src/client/join-room.ts";
import { DARK, LIGHT, openPane, type Palette } from "./terminal.ts";

const here = import.meta.dir;
const main = join(here, "..", "..", "src", "cli", "main.ts");
const PHONE = { width: 390, height: 560 };
const SCREEN = { columns: 80, rows: 20 };
/** Between the terminal and the phone, and around both, px. */
const GAP = 20;

const TALK = [
  ["ben", "hello Ana, are you there?"],
  ["ana", "I am. What a nice surprise!"],
  [
    "eva",
    "the plan is at https://example.org/plans/2026/autumn-meeting.html and I would like to hear what you think of its second part before Thursday",
  ],
  ["ana", "eva: can you bring the projector?"],
] as const;

const browser = await chromium.launch({
  executablePath: Bun.which("chromium") ?? "chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  await take(browser, "light", LIGHT);
  await take(browser, "dark", DARK);
} finally {
  await browser.close();
}

async function take(by: Browser, scheme: "light" | "dark", palette: Palette): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "charla-home-"));
  const folders = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"];
  const env = Object.fromEntries(folders.map((folder) => [folder, home]));
  try {
    using pane = openPane(SCREEN.columns, SCREEN.rows, palette, { ...env, NO_COLOR: "" });
    pane.type(`clear; "${process.execPath}" "${main}" --server --name ana --bind 127.0.0.1 -p 0`);
    pane.press("Enter");
    await pane.until("leaves");
    const { invitation, link } = findInvitation(home);
    // From source, the page is bundled at the first request.
    while (!(await isServed(link))) await Bun.sleep(1_000);

    const ben = joinRoom(invitation, { name: "ben" });
    const reading = drain(ben.events);
    const context = { viewport: PHONE, deviceScaleFactor: 2, locale: "en-GB" };
    const phone = await by.newPage({ ...context, colorScheme: scheme });
    await phone.goto(link);
    await phone.getByRole("textbox").fill("eva");
    await phone.getByRole("textbox").press("Enter");
    const field = phone.getByRole("textbox", { name: "Message to main" });
    for (const [who, text] of TALK) {
      if (who === "ben") await ben.say(text);
      else if (who === "ana") {
        pane.type(text);
        pane.press("Enter");
      } else {
        await field.fill(text);
        await field.press("Enter");
      }
      await phone.locator(".message .text").getByText(text.slice(0, 20)).waitFor();
      await pane.until(text.slice(0, 20));
    }
    await field.fill("with pleasure");
    await Bun.sleep(500);
    const shown = await phone.screenshot();
    await putSideBySide(by, { terminal: pane.picture(), phone: shown }, scheme);
    await ben.leave();
    await reading;
    pane.press("C-d");
    await pane.until("$");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function putSideBySide(
  by: Browser,
  { terminal, phone }: { readonly terminal: string; readonly phone: Buffer },
  scheme: "light" | "dark",
): Promise<void> {
  const edge = scheme === "light" ? "#d0d4da" : "#3a3f47";
  const height = SCREEN.rows * 20 + 20;
  const sheet: Page = await by.newPage({ deviceScaleFactor: 1.5 });
  await sheet.setContent(`<style>
    body { margin: 0 }
    main { display: inline-flex; gap: ${GAP}px; padding: ${GAP / 2}px }
    svg, img { height: ${height}px; border: 1px solid ${edge}; border-radius: 8px }
    img { border-radius: 22px }
  </style><main>${terminal}<img src="data:image/png;base64,${phone.toString("base64")}"></main>`);
  await sheet.setViewportSize({ width: 1_200, height: height + 2 * GAP });
  const path = join(here, `side-by-side-${scheme}.png`);
  await sheet.locator("main").screenshot({ path, omitBackground: true });
}

/** The server leaves it for its owner's other windows. */
function findInvitation(home: string): { readonly invitation: string; readonly link: string } {
  const found = Bun.spawnSync(["grep", "-rhao", 'charla://[^" #]*#[^" ]*', home]);
  const [invitation] = found.stdout.toString().split("\n");
  if (invitation === undefined || invitation === "") throw new Error("no invitation was left");
  return { invitation, link: invitation.replace("charla:", "http:") };
}

async function isServed(link: string): Promise<boolean> {
  const response = await fetch(link).catch(() => null);
  return response?.ok === true;
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}
