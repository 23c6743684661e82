// The QR codes of an invitation, as a camera sees them: on a terminal and on the page; and a phone that opens what it has read.

import { afterAll, expect } from "bun:test";

import { CHROMIUM, oneBrowser } from "../harness/browser.ts";
import { newFolder } from "../harness/folder.ts";
import { fullTestWith } from "../harness/peer-programs.ts";
import { run } from "../harness/program.ts";
import { openScreen, type Screen } from "../harness/screen.ts";
import { join, say } from "./joined-page.ts";

const browser = oneBrowser();
afterAll(() => browser[Symbol.asyncDispose]());

/** What a reader of QR codes finds in a picture, one a line. */
async function readCodes(picture: Uint8Array): Promise<string[]> {
  using folder = newFolder();
  const path = `${folder.path}/picture`;
  await Bun.write(path, picture);
  const { stdout } = await run([
    "zbarimg",
    "--quiet",
    "--raw",
    "-Sdisable",
    "-Sqrcode.enable",
    path,
  ]);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Of a character, pixels: twice as high as wide, as on most terminals. */
const WIDTH = 6;
const HEIGHT = 2 * WIDTH;

/** Of the colours in which codes are drawn. */
const BRIGHTNESS: Readonly<Record<string, number>> = { "16": 0, "231": 255 };
const GREY = 128;

/** The screen of a dark terminal as a picture (PGM): half blocks as they are, and any other character as a full one. */
function draw(rows: readonly string[], columns: number): Uint8Array {
  const stride = columns * WIDTH;
  const pixels = Buffer.alloc(stride * rows.length * HEIGHT);
  let [ink, paper] = [GREY, 0];
  for (const [y, row] of rows.entries()) {
    let x = 0;
    // oxlint-disable-next-line no-control-regex
    for (const [, style, character = ""] of row.matchAll(/\x1b\[([\d;]*)m|(.)/gu)) {
      if (style !== undefined) {
        for (const [code, , colour = ""] of style.matchAll(/([34])8;5;(\d+)|\d*/g)) {
          if (code.startsWith("38")) ink = BRIGHTNESS[colour] ?? GREY;
          else if (code.startsWith("48")) paper = BRIGHTNESS[colour] ?? GREY;
          if (code === "0" || code === "39") ink = GREY;
          if (code === "0" || code === "49") paper = 0;
        }
        continue;
      }
      for (let line = 0; line < HEIGHT; line += 1) {
        const isInk = character !== " " && character !== (line < HEIGHT / 2 ? "▄" : "▀");
        const start = (y * HEIGHT + line) * stride + x * WIDTH;
        pixels.fill(isInk ? ink : paper, start, start + WIDTH);
      }
      x += 1;
    }
  }
  return Buffer.concat([Buffer.from(`P5 ${stride} ${rows.length * HEIGHT} 255\n`), pixels]);
}

/** The server of ana, in a terminal of this size. */
async function openServer(columns: number, rows: number, options = ""): Promise<Screen> {
  await using opened = new AsyncDisposableStack();
  const screen = opened.use(await openScreen(columns, rows, { styled: true }));
  screen.type(`clear; charla --server --ephemeral -n ana --bind 127.0.0.1 --port 0 ${options}`);
  screen.press("Enter");
  await screen.until("the room", (all) => all.at(-1)?.startsWith(" main") === true);
  opened.move();
  return screen;
}

const HINT = "-- /invite shows its QR code";

/** The link above the hint, which the terminal breaks. */
function linkIn(rows: readonly string[]): string {
  return rows.slice(rows.indexOf("-- in a browser:") + 1, rows.indexOf(HINT)).join("");
}

fullTestWith(
  ["tmux", "zbarimg"],
  "a camera reads the code that a server draws in a large terminal",
  async () => {
    await using screen = await openServer(100, 50);
    const rows = await screen.rows();
    const link = rows.find((row) => row.startsWith("http:"));
    expect(await readCodes(draw(await screen.paintedRows(), 100))).toEqual([link ?? ""]);
  },
);

// The longer name makes the code larger, and its light border smaller.
for (const options of ["", "--public-host a-host-with-a-long-name.example.org"]) {
  fullTestWith(
    ["tmux", "zbarimg"],
    `in a terminal of 80 by 24 /invite draws the code, with ${options === "" ? "an address" : "a long name"}`,
    async () => {
      await using screen = await openServer(80, 24, options);
      const rows = await screen.until("the hint", (all) => all.includes(HINT));
      const link = linkIn(rows);
      expect(link).toStartWith(options === "" ? "http://127.0.0.1:" : "http://a-host-with");
      screen.type("/invite");
      screen.press("Enter");
      await screen.until("the code above the field", (all) => {
        const [code, field, status] = [all.at(-4), all.at(-2), all.at(-1)];
        return /^[ █▀▄]+$/.test(code ?? "") && field === ">" && status === " main  ana  ok";
      });
      expect(await readCodes(draw(await screen.paintedRows(), 80))).toEqual([link]);
    },
  );
}

fullTestWith(
  [CHROMIUM, "tmux", "zbarimg"],
  "a phone opens what it reads on a terminal, joins, and shows others a code of its own",
  async () => {
    await using screen = await openServer(100, 50);
    const [link = ""] = await readCodes(draw(await screen.paintedRows(), 100));
    for (const [name, colorScheme] of [
      ["ben", "light"],
      ["eva", "dark"],
    ] as const) {
      await using phone = await browser.openPhone({ colorScheme });
      const { page } = phone;
      await join(page, link, name);
      await say(page, `hello from ${name}`);
      await screen.until(`the word of ${name}`, (rows) =>
        rows.some((row) => row.endsWith(`hello from ${name}`)),
      );
      await page.getByRole("button", { name: "Invite" }).click();
      await page.getByRole("img", { name: "QR code" }).waitFor();
      const picture = await page.screenshot();
      expect(await readCodes(picture)).toEqual([link]);
      expect(phone.messages).toEqual([]);
    }
  },
);
