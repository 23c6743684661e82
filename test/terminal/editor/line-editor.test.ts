// The driver of the editor, on a terminal that is only its two streams: bytes in, bytes out.

import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";

import {
  type LineEditorOptions,
  openLineEditor,
} from "../../../src/terminal/editor/line-editor.ts";

/** The editor with the terminal's settings, what was written to it, and what the editor called. */
function openOn(options: Partial<LineEditorOptions> = {}, columns = 20) {
  const calls: string[] = [];
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true as const,
    setRawMode: (on: boolean) => raw.push(on),
  });
  const output = Object.assign(new PassThrough({ encoding: "utf8" }), { columns, rows: 10 });
  const editor = openLineEditor(input, output, {
    styles: true,
    onLine: (text) => calls.push(`line ${text}`),
    onInterrupt: () => calls.push("interrupt"),
    onEnd: () => calls.push("end"),
    ...options,
  });
  /** Types, lets the editor draw, and returns what it wrote. */
  async function type(text: string): Promise<string> {
    input.write(text);
    await new Promise((resolve) => void setImmediate(resolve));
    return String(output.read() ?? "");
  }
  return { editor, calls, raw, output, type };
}

describe("the terminal", () => {
  test("is in raw mode with bracketed paste while the editor is open", async () => {
    const { editor, raw, type } = openOn();
    expect(raw).toEqual([true]);
    expect(await type("")).toBe("\x1b[?2004h\r\x1b[J\r");
    editor.close();
    editor.close();
    expect(raw).toEqual([true, false]);
    expect(await type("")).toBe("\r\x1b[J\x1b[?2004l");
  });

  test("reports its focus only to those who ask for it", async () => {
    const reports: boolean[] = [];
    const { editor, type } = openOn({ onFocus: (focused) => reports.push(focused) });
    expect(await type("\x1b[O\x1b[I")).toStartWith("\x1b[?2004h\x1b[?1004h");
    expect(reports).toEqual([false, true]);
    editor.close();
    expect(await type("")).toEndWith("\x1b[?1004l\x1b[?2004l");
  });

  test("that takes no more output ends the input", async () => {
    const { output, calls, type } = openOn();
    output.destroy(new Error("EIO"));
    await type("");
    expect(calls).toEqual(["end"]);
  });
});

describe("keys", () => {
  test("that arrive together are drawn once", async () => {
    const { editor, type } = openOn();
    editor.setPrompt("> ");
    await type("");
    expect(await type("ab")).toBe("\r\x1b[J> ab\r\x1b[4C");
    expect(await type("\x1b[D")).toBe("\r\x1b[J> ab\r\x1b[3C");
  });

  test("enter lines, interrupt and end", async () => {
    const { calls, type } = openOn();
    await type("one\rtwo\x03\x03\x04");
    expect(calls).toEqual(["line one", "interrupt", "end"]);
  });

  test("are not read any more once the editor is closed", async () => {
    const { editor, calls, type } = openOn();
    editor.close();
    await type("one\r");
    expect(calls).toEqual([]);
  });
});

describe("what is printed", () => {
  test("goes above the line being typed", async () => {
    const { editor, type } = openOn();
    editor.setPrompt("> ");
    await type("ab");
    editor.printAbove("one\ntwo");
    expect(await type("")).toBe("\r\x1b[Jone\r\ntwo\r\n> ab\r\x1b[4C");
    editor.printEntered("> ", "three");
    expect(await type("")).toBe("\r\x1b[J> three\r\n> ab\r\x1b[4C");
  });

  test("pending lines are dim, and stay on the screen when the editor closes", async () => {
    const { editor, type } = openOn();
    editor.setPrompt("> ");
    editor.setPending(["one"]);
    expect(await type("")).toEndWith("\x1b[2m> one\x1b[0m\r\n> \r\x1b[2C");
    editor.close();
    expect(await type("")).toBe("\x1b[1A\r\x1b[J\x1b[2m> one\x1b[0m\r\n\x1b[?2004l");
  });

  test("without styles pending lines say what they are", async () => {
    const { editor, type } = openOn({ styles: false }, 40);
    editor.setPrompt("> ");
    editor.setPending(["one"]);
    expect(await type("")).toEndWith("(on its way) > one\r\n> \r\x1b[2C");
  });

  test("the bell rings while the editor is open", async () => {
    const { editor, type } = openOn();
    await type("");
    editor.ring();
    expect(await type("")).toBe("\x07");
    editor.close();
    await type("");
    editor.ring();
    expect(await type("")).toBe("");
  });
});

describe("Tab", () => {
  const completion = { line: { text: "ana: ", cursor: 5 }, candidates: ["ana"] };

  test("takes a completion at once, or later if the line has not changed", async () => {
    for (const onTab of [() => completion, async () => completion]) {
      const { calls, type } = openOn({ onTab });
      await type("a\t");
      await type("hi\r");
      expect(calls).toEqual(["line ana: hi"]);
    }
  });

  test("drops a completion that comes after the next key", async () => {
    const { promise, resolve } = Promise.withResolvers<typeof completion>();
    const { calls, type } = openOn({ onTab: () => promise });
    await type("a\tb");
    resolve(completion);
    await type("\r");
    expect(calls).toEqual(["line ab"]);
  });
});
