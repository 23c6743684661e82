// The writer's bytes, literally; what terminals make of them is in emulators.test.ts.

import { expect, test } from "bun:test";

import { type Capabilities, PLAIN } from "../../../src/terminal/output/capabilities.ts";
import { createWriter } from "../../../src/terminal/output/writer.ts";
import { type Frame, span } from "../../../src/terminal/rows.ts";

function createScene(capabilities: Partial<Capabilities> = {}) {
  let written = "";
  let size = { columns: 40, rows: 10 };
  let asked = 0;
  const writer = createWriter(
    {
      write: (text) => void (written += text),
      size: () => size,
      askCursor: () => void (asked += 1),
    },
    (style) => (style === "dim" ? { open: "<dim>", close: "</>" } : { open: "", close: "" }),
    () => ({ ...PLAIN, ...capabilities }),
  );
  return {
    writer,
    asked: () => asked,
    setSize: (columns: number, rows: number) => void (size = { columns, rows }),
    /** What a frame writes; null if it isn't drawn. */
    draw(this: void, frame: Partial<Frame>, now = 0): string | null {
      written = "";
      const whole = { settled: [], live: [], cursor: { row: 0, column: 0 }, ...frame };
      return writer.draw(whole, size, now) ? written : null;
    },
  };
}

const typed = (text: string) => [[span(text)], [span("main", "dim")]];

test("a letter at the end of the line writes that letter and places the cursor", () => {
  const { draw } = createScene();
  draw({ live: typed("> a"), cursor: { row: 0, column: 3 } });
  const drawn = draw({ live: typed("> ab"), cursor: { row: 0, column: 4 } });
  expect(drawn).toBe("\x1b[?7l\r\x1b[3Cb\x1b[?7h\r\x1b[4C");
});

test("a frame like the last one writes nothing", () => {
  const { draw } = createScene();
  const frame = { live: typed("> a"), cursor: { row: 0, column: 3 } };
  draw(frame);
  expect(draw(frame)).toBe("");
});

test("only the cursor is placed where nothing else has changed", () => {
  const { draw } = createScene();
  draw({ live: typed("> a"), cursor: { row: 0, column: 3 } });
  expect(draw({ live: typed("> a"), cursor: { row: 1, column: 2 } })).toBe("\x1b[1B\r\x1b[2C");
});

test("a row that becomes shorter is erased before it is written", () => {
  const { draw } = createScene();
  draw({ live: typed("> ab"), cursor: { row: 0, column: 4 } });
  const drawn = draw({ live: typed("> a"), cursor: { row: 0, column: 3 } });
  expect(drawn).toBe("\x1b[?7l\r\x1b[K> a\x1b[?7h\r\x1b[3C");
});

test("a row with a letter whose width is doubtful is written anew", () => {
  const { draw } = createScene();
  draw({ live: typed("> 👍🏽"), cursor: { row: 0, column: 4 } });
  const drawn = draw({ live: typed("> 👍🏽a"), cursor: { row: 0, column: 5 } });
  expect(drawn).toBe("\x1b[?7l\r\x1b[K> 👍🏽a\x1b[?7h\r\x1b[5C");
});

test("settled rows are written where the live ones began, and those below them", () => {
  const { draw } = createScene();
  draw({ live: typed("> a"), cursor: { row: 1, column: 3 } });
  const drawn = draw({
    settled: [[span("hello")], [span("again")]],
    live: typed("> a"),
    cursor: { row: 0, column: 3 },
  });
  expect(drawn).toBe(
    "\x1b[?25l\x1b[1A\r\x1b[K\x1b[C\x1b[J\r\x1b[?7lhello\r\nagain\r\n" +
      "> a\r\n<dim>main</>\x1b[?7h\x1b[1A\r\x1b[3C\x1b[?25h",
  );
});

test("a terminal with synchronized output gets each larger change between its start and its end", () => {
  const { draw } = createScene({ synchronized: true });
  const drawn = draw({ live: typed("> a"), cursor: { row: 0, column: 3 } });
  expect(drawn).toStartWith("\x1b[?2026h");
  expect(drawn).toEndWith("\x1b[?2026l");
});

test("the pieces of a link are one link, where the terminal knows links", () => {
  const rows = [
    [{ text: "https://exa", style: "plain", link: "https://example.org/é" } as const],
    [{ text: "mple.org/é", style: "plain", link: "https://example.org/é" } as const],
  ];
  const drawn = createScene({ hyperlinks: true }).draw({ live: rows }) ?? "";
  const ids = Array.from(drawn.matchAll(/\]8;id=(\w+);https:\/\/example\.org\/%C3%A9/g));
  expect(ids).toHaveLength(2);
  expect(ids[0]?.[1]).toBe(ids[1]?.[1]);
  expect(createScene().draw({ live: rows })).not.toContain("\x1b]8");
});

test("a control character in a row doesn't reach the terminal", () => {
  const { draw } = createScene();
  expect(draw({ live: [[span("a\x1b[2Jb\nc\u009bd")]] })).toContain("a\ufffd[2Jb\ufffdc\ufffdd");
});

test("a frame for a window of another size isn't drawn", () => {
  const { draw, setSize, writer, asked } = createScene();
  const frame = { live: typed("> a"), cursor: { row: 0, column: 3 } };
  draw(frame);
  setSize(30, 10);
  expect(writer.draw({ settled: [], ...frame }, { columns: 40, rows: 10 }, 5)).toBe(false);
  writer.expire(85);
  expect(asked()).toBe(1);
});

test("after a resize nothing is drawn until the terminal says where its cursor is", () => {
  const { draw, setSize, writer, asked } = createScene();
  const frame = { live: typed(`> ${"a".repeat(30)}`), cursor: { row: 0, column: 32 } };
  draw(frame);
  setSize(30, 10);
  writer.resized(1_000);
  writer.expire(1_080);
  expect(asked()).toBe(1);
  writer.resized(1_081);
  expect(draw(frame, 1_082)).toBeNull();
  expect(writer.deadline).toBe(1_180);
  writer.cursorAt(5, 3, 1_090);
  expect(writer.deadline).toBeNull();
  expect(draw(frame, 1_091)).not.toBeNull();
});

test("a terminal that doesn't answer in time is drawn on all the same", () => {
  const { draw, setSize, writer } = createScene();
  const frame = { live: typed("> a"), cursor: { row: 0, column: 3 } };
  draw(frame);
  setSize(30, 10);
  writer.resized(1_000);
  writer.expire(1_080);
  writer.expire(1_179);
  expect(draw(frame, 1_179)).toBeNull();
  writer.expire(1_180);
  expect(draw(frame, 1_180)).not.toBeNull();
});

test("a window that is being resized is drawn once its size has stayed, or after five seconds", () => {
  const { draw, setSize, writer, asked } = createScene();
  draw({ live: typed("> a"), cursor: { row: 0, column: 3 } });
  setSize(39, 10);
  writer.resized(1_000);
  setSize(38, 10);
  writer.resized(1_050);
  writer.expire(1_080);
  expect(asked()).toBe(0);
  expect(writer.deadline).toBe(1_130);
  for (let time = 1_100; time < 6_000; time += 50) {
    setSize(38 - (time % 7), 10);
    writer.resized(time);
    writer.expire(time);
  }
  expect(writer.deadline).toBe(6_000);
  writer.expire(6_000);
  expect(asked()).toBe(1);
});

test("tmux, which tells of a new size a few times a second, is waited for longer", () => {
  const { draw, setSize, writer } = createScene({ multiplexer: "tmux" });
  draw({ live: typed("> a"), cursor: { row: 0, column: 3 } });
  setSize(39, 10);
  writer.resized(1_000);
  expect(writer.deadline).toBe(1_300);
});

test("an answer that comes late gives the next one more time", () => {
  const { draw, setSize, writer } = createScene();
  const frame = { live: typed("> a"), cursor: { row: 0, column: 3 } };
  draw(frame);
  setSize(30, 10);
  writer.resized(1_000);
  writer.expire(1_080);
  writer.expire(1_180);
  draw(frame, 1_180);
  writer.cursorAt(5, 3, 1_280);
  setSize(40, 10);
  writer.resized(2_000);
  writer.expire(2_080);
  expect(writer.deadline).toBe(2_480);
});

test("at the end what is awaited is awaited no longer", () => {
  const { draw, setSize, writer } = createScene();
  const frame = { live: typed("> a"), cursor: { row: 0, column: 3 } };
  draw(frame);
  setSize(30, 10);
  writer.resized(1_000);
  writer.expire(Infinity);
  expect(draw(frame, 1_001)).not.toBeNull();
});

test("a frame with more live rows than the window has is drawn around its cursor", () => {
  const { draw, setSize } = createScene();
  setSize(40, 2);
  const live = ["one", "two", "three", "four"].map((text) => [span(text)]);
  const drawn = draw({ live, cursor: { row: 2, column: 0 } });
  expect(drawn).toContain("two\r\nthree");
  expect(drawn).not.toContain("four");
});
