// What is typed and pasted in the page, as the others get it: several lines, an input method, emoji, writing from right to left.

import { afterAll, expect } from "bun:test";

import { CHROMIUM, oneBrowser } from "../harness/browser.ts";
import { charla } from "../harness/in-process.ts";
import { forFullTests, fullTestWith } from "../harness/peer-programs.ts";
import type { Program } from "../harness/program.ts";
import { openScreen } from "../harness/screen.ts";
import { type SealedServer, startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";
import { field, join, linkTo, shown } from "./joined-page.ts";

const browser = oneBrowser();
let server: SealedServer;
/** Hears everything, word for word. */
let eva: Program;
afterAll(() => browser[Symbol.asyncDispose]());
forFullTests(async (shared) => {
  server = shared.use(await startSealedServer(["--bind", "127.0.0.1", "--ephemeral"]));
  eva = shared.use(charla([server.invitation, "--name", "eva", "--json"]));
  await eva.until("stdout", '"type":"entered"');
});

/** The messages of one person, once there are as many. */
async function heardFrom(name: string, count: number): Promise<string[]> {
  const heard = () =>
    eva.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
      .flatMap(({ type, from, text }) => (type === "message" && from === name ? [text] : []));
  await until(`${count} messages of ${name}`, () => heard().length >= count);
  return heard();
}

const LINES = Array.from(
  { length: 30 },
  (_, index) => `${"  ".repeat(index % 3)}line ${index + 1}`,
);
const PASTED = LINES.toSpliced(10, 0, "").join("\n");

fullTestWith(
  [CHROMIUM, "tmux"],
  "thirty pasted lines are one message, the same as from a terminal",
  async () => {
    await using window = await browser.openWindow({ width: 390, height: 844 });
    const { page } = window;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await join(page, linkTo(server.invitation), "ben");
    await page.evaluate(
      `navigator.clipboard.writeText(${JSON.stringify(PASTED.replaceAll("\n", "\r\n"))})`,
    );
    await field(page).pressSequentially("see: ");
    await page.keyboard.press("Control+V");
    // Pasted, it is not sent yet, and the field leaves room for the conversation.
    expect(await field(page).inputValue()).toBe(`see: ${PASTED}`);
    const height = await field(page).evaluate((element) => element.offsetHeight);
    expect(height).toBeLessThan(844 / 2);
    await page.keyboard.press("Enter");
    expect(await heardFrom("ben", 1)).toEqual([`see: ${PASTED}`]);

    await using screen = await openScreen(100, 40);
    screen.type(`clear; charla '${server.invitation}' --name tom`);
    screen.press("Enter");
    await screen.until("the room", (rows) => rows.at(-1)?.startsWith(" main") === true);
    screen.type("see: ");
    screen.paste(PASTED);
    screen.press("Enter");
    expect(await heardFrom("tom", 1)).toEqual([`see: ${PASTED}`]);
    await page.locator(".message .text").nth(1).waitFor();
    expect(await page.locator(".message .text").allTextContents()).toEqual([
      `see: ${PASTED}`,
      `see: ${PASTED}`,
    ]);

    // More than a message holds stays in the field, and can be shortened.
    await field(page).fill("x".repeat(10_001));
    await page.keyboard.press("Enter");
    expect(await page.locator("#left").textContent()).toBe("-1");
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Enter");
    expect((await heardFrom("ben", 2))[1]).toBe("x".repeat(10_000));
    expect(window.messages).toEqual([]);
  },
);

fullTestWith(
  [CHROMIUM],
  "words of an input method, emoji and writing from right to left come as they were written",
  async () => {
    await using window = await browser.openWindow();
    const { page } = window;
    await join(page, linkTo(server.invitation), "ben");
    const before = (await heardFrom("ben", 0)).length;
    const session = await page.context().newCDPSession(page);
    await field(page).focus();
    for (const text of ["\u306B", "\u306B\u307B", "\u306B\u307B\u3093"]) {
      await session.send("Input.imeSetComposition", {
        text,
        selectionStart: text.length,
        selectionEnd: text.length,
      });
    }
    // The Enter that chooses the word sends nothing; the input method keeps its character for itself.
    for (const windowsVirtualKeyCode of [13, 229]) {
      const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode } as const;
      await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
      await session.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
    }
    expect(await field(page).inputValue()).toBe("\u306B\u307B\u3093");
    await session.send("Input.insertText", { text: "\u65E5\u672C" });
    expect(await field(page).inputValue()).toBe("\u65E5\u672C");
    await page.keyboard.press("Enter");
    const FAMILY =
      "\u{1F469}\u{1F3FD}\u200D\u{1F469}\u200D\u{1F467} \u{1F1E6}\u{1F1F7} \u2764\uFE0F";
    await page.keyboard.insertText(FAMILY);
    await page.keyboard.press("Enter");
    const HEBREW = "\u05E9\u05DC\u05D5\u05DD ben, 12:30?";
    await page.keyboard.insertText(HEBREW);
    const direction = () =>
      page.evaluate<string>("getComputedStyle(document.querySelector('#message')).direction");
    expect(await direction()).toBe("rtl");
    await page.keyboard.press("Enter");
    expect(await direction()).toBe("ltr");
    const said = ["\u65E5\u672C", FAMILY, HEBREW];
    expect((await heardFrom("ben", before + 3)).slice(before)).toEqual(said);
    for (const text of said) await shown(page, text);
    expect(window.messages).toEqual([]);
  },
);
