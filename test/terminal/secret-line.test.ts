// A line that holds a secret, typed on a terminal that is only its two streams.

import { describe, expect, test } from "bun:test";
import { PassThrough, Writable } from "node:stream";

import { Interruption } from "../../src/terminal/io.ts";
import { askUnseen } from "../../src/terminal/secret-line.ts";
import { ANSWERS } from "./input/answers.ts";
import { bytesOf, utf8 } from "./input/decoding.ts";

/** As if it should have eight characters. */
const isCutOff = (line: string) => line.startsWith("8") && line.length < 8;

/** The line that is taken of these reads, with so many ms in between, what was written, and the terminal's settings. */
async function ask(...reads: (string | number)[]) {
  let now = 0;
  const raw: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true as const,
    setRawMode: (on: boolean) => raw.push(on),
  });
  const stderr = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: true });
  const io = { stdout: new PassThrough(), stderr };
  const line = askUnseen(stdin, io, "secret: ", { isCutOff, clock: () => now });
  const settled = line.then(
    (value) => value,
    (error: unknown) => error,
  );
  for (const read of reads) {
    if (typeof read === "number") now += read;
    else stdin.write(bytesOf(read));
    await new Promise((resolve) => void setImmediate(resolve));
  }
  if (reads.length === 0) stdin.end();
  return {
    line: await settled,
    written: String(stderr.read() ?? ""),
    rest: String(stdin.read() ?? ""),
    raw,
  };
}

describe("a secret", () => {
  test("is not shown, and what follows it is left for others", async () => {
    expect(await ask("ab", "cd\rrest\n")).toEqual({
      line: "abcd",
      written: "secret: \n",
      rest: "rest\n",
      raw: [true, false],
    });
  });

  test("is asked for once the terminal shows no keys", async () => {
    let isRaw = false;
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true as const,
      setRawMode: (on: boolean) => void (isRaw = on),
    });
    const written: [text: string, isRaw: boolean][] = [];
    const stderr = Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          written.push([String(chunk), isRaw]);
          done();
        },
      }),
      { isTTY: true },
    );
    stdin.write("ab\r");
    await askUnseen(stdin, { stdout: new PassThrough(), stderr }, "secret: ");
    expect(written.filter(([text]) => text !== "")).toEqual([
      ["secret: ", true],
      ["\n", true],
    ]);
  });

  test("can be erased by the letter and as a whole", async () => {
    expect((await ask(`ab${utf8("é👍")}\x7f\x7f\b\r`)).line).toBe("a");
    expect((await ask("abc\x15d\r")).line).toBe("d");
  });

  test("may be UTF-8 that is split, or Latin-1", async () => {
    expect((await ask(...Array.from(`${utf8("é日")}\r`))).line).toBe("é日");
    expect((await ask("caf\xe9\r")).line).toBe("café");
  });

  test("has nothing of keys and answers of the terminal in it, however they are split", async () => {
    for (const sent of [...ANSWERS, "\x1b[A", "\x1bOD", "\x1b[3~", "\x1b[1;5C", "\x1bx"]) {
      expect((await ask(`a${sent}b\r`)).line).toBe("ab");
      expect((await ask("a", ...Array.from(sent), "b\r")).line).toBe("ab");
    }
  });

  test("may be pasted, in brackets or not, up to the end of a line", async () => {
    expect((await ask("a\x1b[200~bc\x1b[201~d\r")).line).toBe("abcd");
    expect((await ask("\x1b[200~b\x1b[Ac\nmore\x1b[201~d")).line).toBe("b[Ac");
    expect((await ask("abc\nmore")).line).toBe("abc");
  });

  test("goes on in the next row where it is cut off", async () => {
    for (const reads of [
      ["8ab\rcdefg\rrest\n"],
      ["8ab \rcd\r\nefg\nrest\n"],
      ["\x1b[200~8ab\ncd\nefg\n\x1b[201~", "rest\n"],
      ["8ab\r", "cdefg\r", "rest\n"],
      ["8ab\r\n", "cdefg\rrest\n"],
    ]) {
      const { line, rest } = await ask(...reads);
      expect([reads, line, rest]).toEqual([reads, "8abcdefg", "rest\n"]);
    }
  });

  test("of which the rest is asked for ends with Enter alone", async () => {
    expect(await ask("8ab\r", "c\r", "\r")).toMatchObject({
      line: "8abc",
      written: `secret: ${"\nthe rest of it, if it goes on: ".repeat(2)}\n`,
    });
  });

  test("can be entered after a sequence or a paste that was cut off", async () => {
    expect((await ask("ab\x1b[1;\r")).line).toBe("ab");
    expect((await ask("ab\x1b\r")).line).toBe("ab");
    expect((await ask("ab\x1b]11;rgb", 510, "c\r")).line).toBe("abc");
    expect((await ask("\x1b[200~ab", 510, "c\r")).line).toBe("abc");
  });

  test("is none at the end of the input", async () => {
    expect(await ask()).toMatchObject({ line: null, raw: [true, false] });
    expect((await ask("\x04")).line).toBeNull();
    expect((await ask("ab\x04")).line).toBe("ab");
  });

  test("is given up with Ctrl-C, also within a sequence or a paste", async () => {
    for (const sent of [
      "\x03",
      "ab\x03",
      "\x1b]11;\x03",
      "\x1b[200~ab\x03",
      "\x1b\x03",
      "\x1b[99;5u\x03",
    ]) {
      const { line, raw } = await ask(sent);
      expect(line).toBeInstanceOf(Interruption);
      expect(raw).toEqual([true, false]);
    }
  });
});
