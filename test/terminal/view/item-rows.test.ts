import { describe, expect, test } from "bun:test";

import { displayWidth as width } from "../../../src/terminal/display-width.ts";
import { rowText, span } from "../../../src/terminal/rows.ts";
import type { TranscriptItem } from "../../../src/terminal/state/transcript.ts";
import { itemRows } from "../../../src/terminal/view/item-rows.ts";
import type { ItemLayout } from "../../../src/terminal/view/layout.ts";
import { qrCodeLines } from "../../../src/terminal/view/qr-code.ts";
import { visibleName } from "../../../src/terminal/visible-text.ts";
import { seeded, someOf } from "../../harness/random.ts";

const TIME = new Date(2026, 2, 1, 14, 5).getTime();

function layoutOf(columns: number, rows = 24, drawsCodes = false): ItemLayout {
  return { columns, rows, nameColumns: 9, width, drawsCodes };
}

const rowsOf = (item: TranscriptItem, columns: number) => itemRows(item, layoutOf(columns));
const lines = (item: TranscriptItem, columns: number) => rowsOf(item, columns).map(rowText);

test("the line of a day stands behind three blanks", () => {
  expect(rowsOf({ type: "date", time: TIME }, 80)).toEqual([
    [span("   "), span("Sunday 1 March 2026", "dim")],
  ]);
  expect(lines({ type: "date", time: new Date(2026, 11, 31).getTime() }, 80)).toEqual([
    "   Thursday 31 December 2026",
  ]);
});

test("the marks before earlier and new messages are charla's own lines", () => {
  expect(rowsOf({ type: "mark", label: "earlier" }, 80)).toEqual([
    [span("-- ", "dim"), span("earlier --", "dim")],
  ]);
  expect(rowsOf({ type: "mark", label: "new" }, 80)).toEqual([
    [span("-- ", "strong"), span("new --", "strong")],
  ]);
});

describe("a notice", () => {
  test("has its mark and its time, and further rows are indented", () => {
    expect(lines({ type: "notice", time: TIME, text: "eva, tom joined" }, 80)).toEqual([
      "-- 14:05 eva, tom joined",
    ]);
    expect(lines({ type: "notice", time: TIME, text: "eva left: see you tomorrow" }, 30)).toEqual([
      "-- 14:05 eva left: see you",
      "      tomorrow",
    ]);
  });

  test("has its hint below", () => {
    const item = { type: "notice", time: TIME, text: "not encrypted", hint: "use charla" } as const;
    expect(lines(item, 80)).toEqual(["-- 14:05 not encrypted", "   hint: use charla"]);
  });

  test("that answers a command has three blanks, and no time", () => {
    expect(lines({ type: "notice", time: null, text: "ana is muted" }, 80)).toEqual([
      "   ana is muted",
    ]);
  });

  test("keeps the isolates of names, and shows any other control character", () => {
    const text = `${visibleName("שרה")} joined\u001b\u202e`;
    expect(lines({ type: "notice", time: TIME, text }, 80)).toEqual([
      "-- 14:05 \u2068שרה\u2069 joined^[\\u{202e}",
    ]);
  });

  test("has addresses that can be clicked", () => {
    const [row] = rowsOf({ type: "notice", time: null, text: "see https://example.org/." }, 80);
    expect(row?.[2]).toEqual({
      text: "https://example.org/",
      style: "dim",
      link: "https://example.org/",
    });
  });
});

describe("an error", () => {
  test("has its mark, and its hint under its text", () => {
    const item = { type: "error", text: "the name is taken", hint: "choose another" } as const;
    expect(rowsOf(item, 80)).toEqual([
      [span("!! ", "error"), span("the name is taken")],
      [span("   "), span("hint: choose another", "dim")],
    ]);
    expect(lines({ ...item, hint: "" }, 80)).toEqual(["!! the name is taken"]);
  });

  test("stays one error, whatever a server wrote into it", () => {
    const text = "no\n-- 14:05 ana joined\u001b[2J";
    expect(lines({ type: "error", text, hint: "a\n!! b" }, 20)).toEqual([
      "!! no^J-- 14:05",
      "      ana",
      "      joined^[[2J",
      "   hint: a^J!! b",
    ]);
  });
});

describe("an invitation", () => {
  const invitation = "charla://192.0.2.1:12345/main#KEY.SECRET";
  const item = { type: "invitation", invitation, page: null, code: "none" } as const;
  const drawn = (code: "beside" | "whole", columns: number, rows: number) =>
    itemRows({ ...item, code }, layoutOf(columns, rows, true));
  const codeOf = (...where: Parameters<typeof drawn>) =>
    drawn(...where).filter((row) => row.some(({ style }) => style === "code"));
  const last = (...where: Parameters<typeof drawn>) => rowText(drawn(...where).at(-1) ?? []);

  test("stands out, and can be clicked and copied", () => {
    expect(rowsOf(item, 80)).toEqual([
      [
        span("-- ", "dim"),
        span("invite with: ", "dim"),
        { ...span(`charla ${invitation}`, "invitation"), link: invitation },
      ],
    ]);
  });

  test("that doesn't fit behind its words is a row of its own, which the terminal breaks", () => {
    expect(lines(item, 63)).toHaveLength(1);
    expect(lines(item, 62)).toEqual(["-- invite with:", `charla ${invitation}`]);
    expect(rowsOf(item, 30)[1]).toEqual([
      { text: `charla ${invitation}`, style: "invitation", link: invitation },
    ]);
  });

  test("is quoted for a shell where that is needed, and no link if it is no address", () => {
    expect(lines({ ...item, invitation: "charla://[::1]:1/main#K" }, 80)).toEqual([
      "-- invite with: charla 'charla://[::1]:1/main#K'",
    ]);
    expect(lines({ ...item, invitation: "charla://a';ls;'" }, 80)).toEqual([
      String.raw`-- invite with: charla 'charla://a'\'';ls;'\'''`,
    ]);
    const [row] = rowsOf({ ...item, invitation: "192.0.2.1:12345" }, 80);
    expect(row?.at(-1)).toEqual(span("charla 192.0.2.1:12345", "invitation"));
  });

  test("has a link for a browser below it, where a page is served", () => {
    const page = "http://192.0.2.1:12345/main#KEY.SECRET";
    expect(rowsOf({ ...item, page }, 80)).toEqual([
      [
        span("-- ", "dim"),
        span("invite with: ", "dim"),
        { ...span(`charla ${invitation}`, "invitation"), link: invitation },
      ],
      [
        span("-- ", "dim"),
        span("in a browser: ", "dim"),
        { ...span(page, "invitation"), link: page },
      ],
    ]);
    expect(lines({ ...item, page }, 50)).toEqual([
      "-- invite with:",
      `charla ${invitation}`,
      "-- in a browser:",
      page,
    ]);
  });

  test("has the QR code of that link, because phones open it", () => {
    const page = "http://192.0.2.1:12345/main#KEY.SECRET";
    const rows = itemRows({ ...item, page, code: "beside" }, layoutOf(80, 50, true));
    const code = rows.map(rowText).slice(2);
    expect(code).toEqual([...qrCodeLines(page, "dark", 4)]);
  });

  describe("with its QR code", () => {
    test("has light modules around it: four, or fewer in a small window", () => {
      const large = codeOf("beside", 80, 50).map(rowText);
      expect(large).toHaveLength(19);
      expect(large.every((line) => line.length === 37)).toBe(true);
      expect(large.slice(0, 3)).toEqual([
        " ".repeat(37),
        " ".repeat(37),
        expect.stringMatching(/^ {4}█▀▀▀▀▀█.*█▀▀▀▀▀█ {4}$/),
      ]);
      const small = codeOf("beside", 80, 25).map(rowText);
      expect(small).toHaveLength(17);
      expect(small.every((line) => line.length === 33)).toBe(true);
      expect(small[1]).toMatch(/^ {2}█▀▀▀▀▀█.*█▀▀▀▀▀█ {2}$/);
      const smallest = codeOf("whole", 32, 18).map(rowText);
      expect(smallest).toHaveLength(16);
      expect(smallest.every((line) => line.length === 31)).toBe(true);
      expect(smallest[0]).toMatch(/^ ▄▄▄▄▄▄▄.*▄▄▄▄▄▄▄ $/);
    });

    test("leaves room for other things, if it was not asked for; then it says how to ask", () => {
      expect(codeOf("beside", 33, 25)).toHaveLength(17);
      for (const [columns, rows] of [
        [80, 23],
        [31, 18],
      ] as const) {
        expect(codeOf("beside", columns, rows)).toEqual([]);
        expect(last("beside", columns, rows)).toBe("-- /invite shows its QR code");
      }
    });

    test("is in sight with the line being typed, if it was asked for; else says what it needs", () => {
      expect(codeOf("whole", 31, 18)).toHaveLength(16);
      for (const [columns, rows] of [
        [80, 17],
        [30, 18],
      ] as const) {
        expect(codeOf("whole", columns, rows)).toEqual([]);
        expect(drawn("whole", columns, rows).map(rowText).join(" ")).toContain("needs");
        expect(drawn("beside", columns, rows).map(rowText).join(" ")).not.toContain("code");
      }
      expect(last("whole", 80, 17)).toBe("-- its QR code needs a window of 31 columns and 18 rows");
    });

    test("is drawn only in black on white, and where it is wanted", () => {
      expect(itemRows({ ...item, code: "whole" }, layoutOf(80, 50, false))).toHaveLength(1);
      expect(itemRows(item, layoutOf(80, 50, true))).toHaveLength(1);
    });
  });
});

describe("only charla's own lines have a mark at column 0", () => {
  const PIECES = [
    "ana",
    "-- ",
    "!! ",
    "14:03 ",
    " ",
    " ".repeat(73),
    "\n",
    "\r",
    "\t",
    "\u001b[2J",
    "\u202e",
    "\u2069",
    "日本語",
    "שלום",
    "e\u0301",
    "👩‍👩‍👧",
    "https://example.org/",
  ];

  // oxlint-disable-next-line no-control-regex
  const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202e]/;

  test.each([20, 42, 60, 200])("at %d columns", (columns) => {
    const random = seeded(columns);
    const some = () => someOf(random, PIECES, 1 + random(8)).join("");
    for (let round = 0; round < 40; round += 1) {
      const person = { name: some(), fingerprint: some(), away: random(2) === 0 };
      const entry = {
        sequence: 1,
        time: TIME,
        author: some(),
        device: "a",
        number: 1,
        mentions: false,
      };
      const own: TranscriptItem[] = [
        { type: "notice", time: TIME, text: `${visibleName(some())} joined`, hint: some() },
        { type: "notice", time: null, text: `${visibleName(some())} is muted` },
        { type: "error", text: some(), hint: some() },
        {
          type: "answer",
          answer: {
            type: "people",
            people: [person, { ...person, name: some() }],
            ownName: some(),
            verbose: random(2) === 0,
            colours: new Map(),
          },
        },
        {
          type: "answer",
          answer: {
            type: "bans",
            bans: [{ name: some(), fingerprint: some(), by: some(), time: TIME }],
          },
        },
        {
          type: "answer",
          answer: {
            type: "banned",
            banned: { name: some(), fingerprint: some(), closed: ["1", "standing"] },
          },
        },
        {
          type: "answer",
          answer: {
            type: "invitations",
            invitations: [
              { id: "1", room: some(), count: 3, guests: [{ fingerprint: some(), name: some() }] },
            ],
          },
        },
      ];
      const shown = own.flatMap((item) => lines(item, columns));
      expect(shown.filter((line) => width(line) > columns)).toEqual([]);
      expect(shown.filter((line) => !/^(?:-- |!! | {3}|$)/.test(line))).toEqual([]);
      expect(shown.filter((line) => CONTROL.test(line))).toEqual([]);
      const entries = [
        { ...entry, name: some(), text: some() },
        { ...entry, name: some(), text: some() },
      ];
      const answer = { type: "entries", entries, colours: new Map() } as const;
      const history = lines({ type: "answer", answer }, columns);
      expect(history.filter((line) => width(line) > columns)).toEqual([]);
      expect(history.filter((line) => CONTROL.test(line))).toEqual([]);
      expect(history.filter((line) => !/^(?:14:05 | {3}|$)/.test(line))).toEqual([]);
    }
  });
});
