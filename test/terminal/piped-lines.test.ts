import { describe, expect, test } from "bun:test";

import { CharlaError } from "../../src/errors.ts";
import { type InputLine, inputLines, sendLines } from "../../src/terminal/piped-lines.ts";
import { seeded } from "../harness/random.ts";

type Piece = string | Uint8Array;

/** The lines of an input that comes in these pieces: the text of each, or the code of its error. */
async function read(...pieces: Piece[]): Promise<string[]> {
  return (await readAll(pieces)).map((line) => ("error" in line ? line.error.code : line.text));
}

async function readAll(pieces: Iterable<Piece>, isRoom = false): Promise<InputLine[]> {
  async function* chunks() {
    for (const piece of pieces) yield typeof piece === "string" ? Buffer.from(piece) : piece;
  }
  return Array.fromAsync(inputLines(chunks(), isRoom));
}

describe("an input", () => {
  test("is cut at each newline, LF or CR LF", async () => {
    expect(await read("one\ntwo\r\nthree\n")).toEqual(["one", "two", "three"]);
  });

  test("may end without a newline: its last line counts", async () => {
    expect(await read("one\ntwo")).toEqual(["one", "two"]);
  });

  test("that ends with a newline has no empty line after it", async () => {
    expect(await read("one\n")).toEqual(["one"]);
  });

  test("of nothing has no lines", async () => {
    expect(await read()).toEqual([]);
    expect(await read("")).toEqual([]);
    expect(await read("", new Uint8Array(), "")).toEqual([]);
  });

  test("has its empty lines", async () => {
    expect(await read("\n\r\none\n\n")).toEqual(["", "", "one", ""]);
  });

  test("keeps what is no newline: spaces, tabs, and a CR of its own", async () => {
    expect(await read(" one\t \none\rtwo\r\r\n\rthree\n")).toEqual([
      " one\t ",
      "one\rtwo\r",
      "\rthree",
    ]);
  });

  test("keeps a byte order mark: a message may begin with one", async () => {
    expect(await read(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0x0a))).toEqual(["\ufeffa"]);
  });

  test("has its lines numbered from 1, the bad ones too", async () => {
    const lines = await readAll(["one\n", Uint8Array.of(0xff, 0x0a), "\nfour"]);
    expect(lines.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  test("gives each line as soon as its newline has arrived", async () => {
    const taken: string[] = [];
    async function* slow() {
      yield Buffer.from("one\ntw");
      taken.push("more was asked for");
      yield Buffer.from("o\n");
    }
    for await (const line of inputLines(slow())) taken.push("text" in line ? line.text : "bad");
    expect(taken).toEqual(["one", "more was asked for", "two"]);
  });
});

describe("chunks may end anywhere", () => {
  test("inside a character (RFC 3629)", async () => {
    expect(
      await read(Uint8Array.of(0x61, 0xf0, 0x9f), Uint8Array.of(0x98), Uint8Array.of(0x80, 0x0a)),
    ).toEqual(["a😀"]);
  });

  test("between CR and LF", async () => {
    expect(await read("one\r", "\ntwo\r", "\n")).toEqual(["one", "two"]);
  });

  test("before and after a newline", async () => {
    expect(await read("one", "\n", "two", "\n")).toEqual(["one", "two"]);
  });

  test("in 200 random places, which gives the same lines", async () => {
    const input = Buffer.from("one\r\n\n日本語 👩‍👩‍👧\n\rtwo\r\r\ne\u0301\tthree\n\nlast");
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seeded(seed);
      const pieces: Uint8Array[] = [];
      for (let start = 0; start < input.byteLength;) {
        const end = start + random(8);
        pieces.push(input.subarray(start, end));
        start = end;
      }
      expect(await read(...pieces)).toEqual([
        "one",
        "",
        "日本語 👩‍👩‍👧",
        "\rtwo\r",
        "e\u0301\tthree",
        "",
        "last",
      ]);
    }
  });
});

describe("a line of more than 65,507 bytes is MESSAGE_TOO_LONG", () => {
  const longest = "a".repeat(65_507);

  test("counted without its newline, LF or CR LF", async () => {
    expect(await read(`${longest}\n`, `${longest}\r\n`, longest)).toEqual([
      longest,
      longest,
      longest,
    ]);
  });

  test("from the first byte over it, whatever ends the line", async () => {
    expect(
      await read(`${longest}a\n`, `${longest}a\r\n`, `${longest}\r\r\n`, `${longest}a`),
    ).toEqual(["MESSAGE_TOO_LONG", "MESSAGE_TOO_LONG", "MESSAGE_TOO_LONG", "MESSAGE_TOO_LONG"]);
  });

  test("in bytes of UTF-8, not in characters (RFC 3629)", async () => {
    expect(await read(`${"é".repeat(32_753)}a\n`, `${"é".repeat(32_754)}\n`)).toEqual([
      `${"é".repeat(32_753)}a`,
      "MESSAGE_TOO_LONG",
    ]);
  });

  test("and says which line, how long it is, and what to do", async () => {
    const [, line] = await readAll(["one\n", "a".repeat(70_000), "\n"]);
    expect(line).toMatchObject({
      number: 2,
      error: {
        message: "line 2 of the input is 70,000 bytes long; a message can have at most 65,507",
        hint: "split it into several lines",
      },
    });
  });

  test("and names the limit of a room where it is for one", async () => {
    const [line] = await readAll(["a".repeat(70_000)], true);
    expect(line).toMatchObject({
      number: 1,
      error: {
        message:
          "line 1 of the input is 70,000 bytes long; a message can have at most 10,000 characters",
        hint: "split it into several lines",
      },
    });
  });

  test("also when it comes in small chunks, and the next line is read", async () => {
    const chunks = Array.from({ length: 1_000 }, () => "a".repeat(100));
    expect(await read("one\n", ...chunks, "\ntwo\n")).toEqual(["one", "MESSAGE_TOO_LONG", "two"]);
  });

  test("and no more of it is kept than that, however long it grows", async () => {
    const MEBIBYTE = 1024 * 1024;
    const held: number[] = [];
    async function* oneLine() {
      Bun.gc(true);
      held.push(process.memoryUsage().external);
      for (let count = 0; count < 64; count += 1) yield new Uint8Array(MEBIBYTE).fill(0x61);
      Bun.gc(true);
      held.push(process.memoryUsage().external);
      yield Buffer.from("\none");
    }
    const lines = await Array.fromAsync(inputLines(oneLine()));
    expect(lines.at(-1)).toEqual({ number: 2, text: "one" });
    const [before = 0, after = 0] = held;
    expect(after - before).toBeLessThan(32 * MEBIBYTE);
  });
});

describe("a line that is not UTF-8 is NOT_UTF8 (RFC 3629 s. 3)", () => {
  test.each([
    ["é in Latin-1", [0x63, 0x61, 0x66, 0xe9]],
    ["a character cut short", [0xf0, 0x9f, 0x98]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["half a surrogate pair", [0xed, 0xa0, 0x80]],
    ["the first byte of a sealed datagram", [0xf8]],
  ])("%s, and the next line is read", async (_what, bytes) => {
    expect(await read("one\n", Uint8Array.from(bytes), "\ntwo\n")).toEqual([
      "one",
      "NOT_UTF8",
      "two",
    ]);
  });

  test("a character that a newline cuts in two", async () => {
    expect(await read(Uint8Array.of(0xc3, 0x0a, 0xa9, 0x0a), "one")).toEqual([
      "NOT_UTF8",
      "NOT_UTF8",
      "one",
    ]);
  });

  test("and says which line, and what to do", async () => {
    const [line] = await readAll([Uint8Array.of(0xff)]);
    expect(line).toMatchObject({
      number: 1,
      error: {
        message: "line 1 of the input is not UTF-8 text",
        hint: "convert it first, for instance: iconv -f latin1 -t utf-8",
        cause: expect.any(Error),
      },
    });
  });
});

test("a CR at the very end of the input, without LF, is part of the last line", async () => {
  expect(await read("one\r")).toEqual(["one\r"]);
});

const over = new CharlaError("CONVERSATION_OVER", "it is over", "join another one");
const tooLong = new CharlaError("MESSAGE_TOO_LONG", "that is too long", "say less");

/** A conversation in which each message is done when the test decides. */
function slowConversation() {
  const sent: string[] = [];
  const pending: PromiseWithResolvers<void>[] = [];
  return {
    sent,
    /** The oldest message that is not done. */
    oldest: () => pending.shift(),
    say(text: string): Promise<void> {
      const done = Promise.withResolvers<void>();
      sent.push(text);
      pending.push(done);
      return done.promise;
    },
  };
}

async function* numbered(count: number): AsyncGenerator<InputLine> {
  for (let number = 1; number <= count; number += 1) yield { number, text: `line ${number}` };
}

/** Lets everything run that is not waiting for something. */
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

async function unexpected(error: unknown): Promise<void> {
  throw error;
}

describe("lines of a pipe", () => {
  test("are sent one after the other if only one may be in flight", async () => {
    const conversation = slowConversation();
    const { done: all } = sendLines(numbered(3), conversation, 1, unexpected);
    for (const sent of [["line 1"], ["line 1", "line 2"], ["line 1", "line 2", "line 3"]]) {
      await settled();
      expect(conversation.sent).toEqual(sent);
      conversation.oldest()?.resolve();
    }
    expect(await all).toBe(true);
  });

  test("are sent until the limit is in flight, then one more for each that is done", async () => {
    const conversation = slowConversation();
    void sendLines(numbered(1_000), conversation, 256, unexpected);
    await settled();
    expect(conversation.sent).toHaveLength(256);
    conversation.oldest()?.resolve();
    conversation.oldest()?.resolve();
    await settled();
    expect(conversation.sent).toHaveLength(258);
    expect(conversation.sent.slice(-2)).toEqual(["line 257", "line 258"]);
  });

  test("have all been sent only when the last of them is done", async () => {
    const conversation = slowConversation();
    const ends: boolean[] = [];
    void sendLines(numbered(2), conversation, 256, unexpected).done.then((all) => ends.push(all));
    await settled();
    conversation.oldest()?.resolve();
    await settled();
    expect(ends).toEqual([]);
    conversation.oldest()?.resolve();
    await settled();
    expect(ends).toEqual([true]);
  });

  test("go on after one that could not be sent, which is reported", async () => {
    const conversation = slowConversation();
    const errors: unknown[] = [];
    const { done: all } = sendLines(
      numbered(2),
      conversation,
      256,
      (error) => void errors.push(error),
    );
    await settled();
    conversation.oldest()?.reject(tooLong);
    conversation.oldest()?.resolve();
    expect(await all).toBe(true);
    expect(errors).toEqual([
      new CharlaError("MESSAGE_TOO_LONG", "line 1 was not sent: that is too long", "say less"),
    ]);
  });

  test("that cannot be messages are reported in their place, and not sent", async () => {
    const conversation = slowConversation();
    const errors: unknown[] = [];
    async function* lines(): AsyncGenerator<InputLine> {
      yield { number: 1, error: tooLong };
      yield { number: 2, text: "short" };
    }
    void sendLines(lines(), conversation, 256, async (error) => void errors.push(error));
    await settled();
    expect(errors).toEqual([tooLong]);
    expect(conversation.sent).toEqual(["short"]);
  });

  for (const inFlight of [1, 256]) {
    test(`are read one further when the conversation is over, ${inFlight} in flight`, async () => {
      let read = 0;
      async function* endless(): AsyncGenerator<InputLine> {
        for (;;) yield { number: (read += 1), text: "more" };
      }
      const conversation = slowConversation();
      const errors: unknown[] = [];
      const lines = sendLines(endless(), conversation, inFlight, (error) => {
        errors.push(error);
      });
      await settled();
      for (let count = 0; count < inFlight; count += 1) conversation.oldest()?.reject(over);
      expect(await lines.done).toBe(false);
      expect(read).toBe(inFlight + 1);
      expect(errors).toEqual(Array.from({ length: inFlight }, () => over));
      expect(lines.unsent().size).toBe(inFlight);
      expect(await lines.stop()).toBe(inFlight + 1);
    });
  }

  test("have not all been sent if the conversation ends after the last was read", async () => {
    const conversation = slowConversation();
    const lines = sendLines(numbered(2), conversation, 256, async () => {});
    await settled();
    conversation.oldest()?.resolve();
    conversation.oldest()?.reject(over);
    expect(await lines.done).toBe(false);
    expect(Array.from(lines.unsent())).toEqual([[2, "line 2"]]);
    expect(await lines.stop()).toBeNull();
  });

  test("that were refused are not sent, and those after them are", async () => {
    const conversation = slowConversation();
    const lines = sendLines(numbered(3), conversation, 256, async () => {});
    await settled();
    conversation.oldest()?.resolve();
    conversation.oldest()?.reject(new CharlaError("REFUSED", "you are muted", "ask to talk"));
    conversation.oldest()?.resolve();
    expect(await lines.done).toBe(true);
    expect(Array.from(lines.unsent())).toEqual([[2, "line 2"]]);
  });

  test("are known to be left, also where the next one takes many turns of the event loop", async () => {
    const said = Promise.withResolvers<void>();
    async function* slow(): AsyncGenerator<InputLine> {
      yield { number: 1, text: "one" };
      await said.promise;
      for (let turn = 0; turn < 100; turn += 1) {
        await new Promise<void>((resolve) => void setImmediate(resolve));
      }
      yield { number: 2, text: "two" };
    }
    const lines = sendLines(slow(), { say: async () => said.resolve() }, 256, unexpected);
    await said.promise;
    expect(await lines.stop()).toBe(2);
    expect(await lines.done).toBe(false);
  });

  test("are not read while none comes, and the next one is not known", async () => {
    const input = Promise.withResolvers<InputLine>();
    async function* slow(): AsyncGenerator<InputLine> {
      yield { number: 1, text: "one" };
      yield await input.promise;
    }
    const lines = sendLines(slow(), { say: async () => {} }, 256, unexpected);
    await settled();
    expect(await lines.stop()).toBeNull();
    input.resolve({ number: 2, text: "too late" });
    expect(await lines.done).toBe(false);
  });
});
