// One conversation with everything in it, as it stands in windows of three widths; and how it looks on a dark screen and
// on a light one.

import { expect, test } from "bun:test";

import { insert } from "../../../src/terminal/editor/line-buffer.ts";
import { PLAIN } from "../../../src/terminal/output/capabilities.ts";
import { createTheme } from "../../../src/terminal/output/theme.ts";
import { type Row, rowText } from "../../../src/terminal/rows.ts";
import { startState, type State } from "../../../src/terminal/state/state.ts";
import type { MessageItem, TranscriptItem } from "../../../src/terminal/state/transcript.ts";
import { view } from "../../../src/terminal/view/view.ts";
import { IN_A_ROOM, people } from "../state/virtual-screen.ts";

const at = (minute: number) => new Date(2026, 2, 1, 14, minute).getTime();

const HUES: Readonly<Record<string, number>> = {
  ana: 0,
  "Ana María": 5,
  ben: 2,
  日本太郎: 8,
  שרה: 10,
};

function says(minute: number, name: string, text: string, more: Partial<MessageItem> = {}) {
  return {
    type: "message",
    time: at(minute),
    name,
    colour: HUES[name] ?? 0,
    text,
    mentions: false,
    follows: false,
    ...more,
  } as const;
}

const CONVERSATION: readonly TranscriptItem[] = [
  { type: "notice", time: at(2), text: 'you are ben in main, with Ana María, ana; "bye" leaves' },
  {
    type: "invitation",
    invitation: "charla://192.0.2.1:12345/main#KEY.SECRET",
    page: null,
    code: "none",
  },
  { type: "date", time: at(3) },
  { type: "mark", label: "earlier" },
  says(
    3,
    "Ana María",
    "hello, this is a longer text that wraps at whole words and stands under its own beginning",
  ),
  says(3, "ana", "see https://example.org/a/long/address?with=a&query=that-goes-on, it's good"),
  says(4, "ana", "/me waves", { follows: true }),
  { type: "mark", label: "new" },
  says(5, "ana", `hm${" ".repeat(73)}ben: I agree`, { follows: false }),
  says(5, "ben", "no, I don't:\n  if (you) {\n    go();\n  }"),
  says(6, "日本太郎", "長い文章は行の終わりで折り返されます。ben、見ましたか？", {
    mentions: true,
  }),
  says(6, "שרה", "שלום לכולם"),
  { type: "notice", time: at(7), text: "eva, tom joined" },
  { type: "error", text: "the name ana is taken", hint: "choose another one, such as ana-2" },
  { type: "notice", time: null, text: "no messages found with: lunch" },
  {
    type: "answer",
    answer: {
      type: "people",
      people: [
        {
          name: "ana",
          fingerprint: "SHA256:NZ9cVAmlIuCBQoMkGRMaVCYUPVSkWKV",
          away: false,
          owner: true,
        },
        { name: "ben", fingerprint: "SHA256:0QfBrWUbm2NZ9cVAmlIuCBQoMkGRMaV", away: false },
        { name: "日本太郎", fingerprint: "SHA256:Zk1BrWUbm2NZ9cVAmlIuCBQoMkGRM", away: true },
      ],
      ownName: "ben",
      verbose: false,
      colours: new Map([
        ["SHA256:NZ9cVAmlIuCBQoMkGRMaVCYUPVSkWKV", 0],
        ["SHA256:0QfBrWUbm2NZ9cVAmlIuCBQoMkGRMaV", 2],
        ["SHA256:Zk1BrWUbm2NZ9cVAmlIuCBQoMkGRM", 8],
      ]),
    },
  },
];

function stateOf(columns: number, transcript: readonly TranscriptItem[]): State {
  const state = startState(IN_A_ROOM, { columns, rows: 40 }, PLAIN, at(2));
  const { editing } = state;
  return {
    ...state,
    transcript,
    room: {
      ...state.room,
      room: "main",
      name: "ben",
      here: people("ana", "Ana María", "ben", "日本太郎"),
    },
    pending: [{ id: 1, text: "this is still on its way", isTaken: true }],
    presence: { arriving: new Map(), joined: people(), left: people("tom"), since: at(8) },
    connection: { type: "silent", since: 0, seconds: 12 },
    unread: { ...state.unread, rooms: [{ room: "lunch", count: 3, mentions: 0 }] },
    editing: { ...editing, line: insert(editing.line, "and this is not") },
  };
}

function rowsOf(columns: number, transcript = CONVERSATION): readonly Row[] {
  const { frame } = view(stateOf(columns, transcript));
  return [...frame.settled, ...frame.live];
}

/** Without the marks that isolate text from right to left. */
const screen = (columns: number) =>
  rowsOf(columns).map((row) => rowText(row).replaceAll(/[\u2068\u2069]/g, ""));

/** With the parameters of each style before its text: `[1;7]text[]`. */
function painted(background: "dark" | "light", transcript: readonly TranscriptItem[]): string[] {
  const theme = createTheme({ background, colours: 256, styles: true });
  return rowsOf(80, transcript).map((row) =>
    row
      .map(({ text, style }) => {
        const { open } = theme(style);
        return open === "" ? text : `[${open.slice(2, -1)}]${text}[]`;
      })
      .join(""),
  );
}

test("a window of 80 columns", () => {
  expect(screen(80)).toEqual([
    '-- 14:02 you are ben in main, with Ana María, ana; "bye" leaves',
    "-- invite with: charla charla://192.0.2.1:12345/main#KEY.SECRET",
    "   Sunday 1 March 2026",
    "-- earlier --",
    "14:03 Ana María hello, this is a longer text that wraps at whole words and",
    "                stands under its own beginning",
    "14:03       ana see",
    "                https://example.org/a/long/address?with=a&query=that-goes-on,",
    "                it's good",
    "14:04         * ana waves",
    "-- new --",
    "14:05       ana hm",
    "                ben: I agree",
    "14:05       ben no, I don't:",
    "                  if (you) {",
    "                    go();",
    "                  }",
    "14:06! 日本太郎 長い文章は行の終わりで折り返されます。ben、見ましたか？",
    "14:06       שרה שלום לכולם",
    "-- 14:07 eva, tom joined",
    "!! the name ana is taken",
    "   hint: choose another one, such as ana-2",
    "   no messages found with: lunch",
    "      NAME      STATUS  KEY",
    "      ana       owner   NZ9cVAmlIuCB…",
    "      ben       you     0QfBrWUbm2NZ…",
    "      日本太郎  away    Zk1BrWUbm2NZ…",
    "-- 14:08 tom left",
    "  …         ben this is still on its way",
    "> and this is not",
    " main  ana, Ana María, ben, 日本太郎  no contact for 12 s  lunch: 3 new ",
  ]);
});

test("a window of 42 columns", () => {
  expect(screen(42)).toEqual([
    "-- 14:02 you are ben in main, with Ana",
    '      María, ana; "bye" leaves',
    "-- invite with:",
    // The terminal breaks it, so that it is copied as one line.
    "charla charla://192.0.2.1:12345/main#KEY.SECRET",
    "   Sunday 1 March 2026",
    "-- earlier --",
    "14:03 Ana María",
    "        hello, this is a longer text that",
    "        wraps at whole words and stands",
    "        under its own beginning",
    "14:03 ana",
    "        see",
    "        https://example.org/a/long/address",
    "        ?with=a&query=that-goes-on, it's",
    "        good",
    "14:04 * ana waves",
    "-- new --",
    "14:05 ana",
    "        hm",
    "        ben: I agree",
    "14:05 ben",
    "        no, I don't:",
    "          if (you) {",
    "            go();",
    "          }",
    "14:06!日本太郎",
    "        長い文章は行の終わりで折り返されま",
    "        す。ben、見ましたか？",
    "14:06 שרה",
    "        שלום לכולם",
    "-- 14:07 eva, tom joined",
    "!! the name ana is taken",
    "   hint: choose another one, such as ana-2",
    "   no messages found with: lunch",
    "      NAME      STATUS  KEY",
    "      ana       owner   NZ9cVAmlIuCB…",
    "      ben       you     0QfBrWUbm2NZ…",
    "      日本太郎  away    Zk1BrWUbm2NZ…",
    "-- 14:08 tom left",
    "  …   ben",
    "        this is still on its way",
    "> and this is not",
    " main  no contact for 12 s ",
  ]);
});

test("a window of 200 columns", () => {
  expect(screen(200)).toEqual([
    '-- 14:02 you are ben in main, with Ana María, ana; "bye" leaves',
    "-- invite with: charla charla://192.0.2.1:12345/main#KEY.SECRET",
    "   Sunday 1 March 2026",
    "-- earlier --",
    "14:03 Ana María hello, this is a longer text that wraps at whole words and stands under its own beginning",
    "14:03       ana see https://example.org/a/long/address?with=a&query=that-goes-on, it's good",
    "14:04         * ana waves",
    "-- new --",
    "14:05       ana hm                                                                         ben: I agree",
    "14:05       ben no, I don't:",
    "                  if (you) {",
    "                    go();",
    "                  }",
    "14:06! 日本太郎 長い文章は行の終わりで折り返されます。ben、見ましたか？",
    "14:06       שרה שלום לכולם",
    "-- 14:07 eva, tom joined",
    "!! the name ana is taken",
    "   hint: choose another one, such as ana-2",
    "   no messages found with: lunch",
    "      NAME      STATUS  KEY",
    "      ana       owner   NZ9cVAmlIuCB…",
    "      ben       you     0QfBrWUbm2NZ…",
    "      日本太郎  away    Zk1BrWUbm2NZ…",
    "-- 14:08 tom left",
    "  …         ben this is still on its way",
    "> and this is not",
    " main  ana, Ana María, ben, 日本太郎  no contact for 12 s  lunch: 3 new ",
  ]);
});

const SHORT: readonly TranscriptItem[] = [
  { type: "invitation", invitation: "charla://192.0.2.1:1/main#KEY", page: null, code: "none" },
  { type: "date", time: at(3) },
  says(3, "ana", "hello"),
  says(4, "ana", "ben?", { mentions: true }),
  { type: "mark", label: "new" },
  { type: "error", text: "the name is taken", hint: "choose another" },
];

test("a dark screen", () => {
  expect(painted("dark", SHORT)).toEqual([
    "[38;5;248]-- [][38;5;248]invite with: [][1;38;5;220]charla charla://192.0.2.1:1/main#KEY[]",
    "   [38;5;248]Sunday 1 March 2026[]",
    "[38;5;248]14:03[]       [38;5;210]ana[] hello",
    "[1;7]14:04![]      [38;5;210]ana[] ben?",
    "[1]-- [][1]new --[]",
    "[1;38;5;210]!! []the name is taken",
    "   [38;5;248]hint: choose another[]",
    "[38;5;248]-- [][38;5;248]14:08 tom left[]",
    "[38;5;248]  …  []       [38;5;248]ben[] [38;5;248]this is still on its way[]",
    "> and this is not",
    "[38;5;252;48;5;238] main  ana, Ana María, ben, 日本太郎  no contact for 12 s  lunch: 3 new []",
  ]);
});

test("a light screen", () => {
  expect(painted("light", SHORT)).toEqual([
    "[38;5;241]-- [][38;5;241]invite with: [][1;38;5;25]charla charla://192.0.2.1:1/main#KEY[]",
    "   [38;5;241]Sunday 1 March 2026[]",
    "[38;5;241]14:03[]       [38;5;160]ana[] hello",
    "[1;7]14:04![]      [38;5;160]ana[] ben?",
    "[1]-- [][1]new --[]",
    "[1;38;5;160]!! []the name is taken",
    "   [38;5;241]hint: choose another[]",
    "[38;5;241]-- [][38;5;241]14:08 tom left[]",
    "[38;5;241]  …  []       [38;5;241]ben[] [38;5;241]this is still on its way[]",
    "> and this is not",
    "[38;5;236;48;5;253] main  ana, Ana María, ben, 日本太郎  no contact for 12 s  lunch: 3 new []",
  ]);
});
