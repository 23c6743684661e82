// The decoder beside what others have written down: terminfo's keys of real terminals, and node:readline's decoder.

import { describe, expect, test } from "bun:test";
import { emitKeypressEvents } from "node:readline";
import { PassThrough } from "node:stream";

import { createInputDecoder } from "../../../src/terminal/input/input-decoder.ts";
import { testWith } from "../../harness/peer-programs.ts";
import { bytesOf, chord } from "./decoding.ts";

function keysOf(sent: string): string[] {
  const decoder = createInputDecoder();
  const events = [...decoder.decode(bytesOf(sent), 0), ...decoder.expire(Infinity)];
  return events.map((event) => (event.type === "key" ? chord(event.key) : event.type));
}

/** terminfo(5): the capability of a key. Those of xterm with a modifier at their end are extensions: 2 is Shift, and so on. */
const CAPABILITIES: Readonly<Record<string, string>> = {
  kcuu1: "up",
  kcud1: "down",
  kcub1: "left",
  kcuf1: "right",
  khome: "home",
  kend: "end",
  kich1: "insert",
  kdch1: "delete",
  kpp: "pageup",
  knp: "pagedown",
  kcbt: "shift+tab",
  kbs: "backspace",
  kDC: "shift+delete",
  kIC: "shift+insert",
  kHOM: "shift+home",
  kEND: "shift+end",
  kNXT: "shift+pagedown",
  kPRV: "shift+pageup",
  kLFT: "shift+left",
  kRIT: "shift+right",
  kUP: "shift+up",
  kDN: "shift+down",
};
const MODIFIERS: Readonly<Record<string, string>> = {
  3: "meta+",
  4: "meta+shift+",
  5: "ctrl+",
  6: "ctrl+shift+",
  7: "ctrl+meta+",
};
const TERMINALS = [
  "xterm-256color",
  "tmux-256color",
  "screen-256color",
  "linux",
  "rxvt-unicode",
  "vt220",
  "xterm-kitty",
];

/** `\E`, `\177`, `\^` and `^H` of terminfo(5), as what they stand for. */
function unescaped(_: string, octal?: string, letter?: string, control?: string): string {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
  if (letter !== undefined) return letter === "E" ? "\x1b" : letter;
  return control === "?" ? "\x7f" : String.fromCharCode((control ?? "").charCodeAt(0) & 0x1f);
}

/** The keys of a terminal, by what it sends; null if it has no entry here. */
function terminfoKeys(terminal: string): Map<string, string> | null {
  const shown = Bun.spawnSync(["infocmp", "-x", "-1", terminal]);
  if (shown.exitCode !== 0) return null;
  const keys = new Map<string, string>();
  for (const [, name = "", value = ""] of shown.stdout.toString().matchAll(/^\t(k\w+)=(.*),$/gm)) {
    const sent = value.replaceAll(/\\(\d{3})|\\(.)|\^(.)/g, unescaped);
    const [, base = "", modifier = ""] = /^(k[A-Z]+)([3-7])$/.exec(name) ?? [];
    const isNumbered = /^kf(?:[1-9]|1[0-2])$/.test(name);
    const plain = CAPABILITIES[base]?.replace("shift+", "");
    const key = isNumbered
      ? name.slice(1)
      : modifier === ""
        ? CAPABILITIES[name]
        : plain && `${MODIFIERS[modifier]}${plain}`;
    if (key !== undefined && key !== "") keys.set(sent, key);
  }
  return keys;
}

testWith(["infocmp"], "the keys of terminfo are the ones that it names", async () => {
  let compared = 0;
  for (const terminal of TERMINALS) {
    for (const [sent, key] of terminfoKeys(terminal) ?? []) {
      // The Linux console sends the same for Alt-Tab.
      if (sent === "\x1b\t") continue;
      expect([terminal, sent, keysOf(sent)]).toEqual([terminal, sent, [key]]);
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(60);
});

/** As readline names it. */
async function readlineKeys(sent: string): Promise<string[]> {
  const input = new PassThrough();
  const keys: string[] = [];
  emitKeypressEvents(input);
  input.on(
    "keypress",
    (
      text: string | undefined,
      key: { name?: string; ctrl: boolean; meta: boolean; shift: boolean },
    ) => {
      const name =
        key.name === undefined ? (text ?? "") : key.name === "enter" ? "return" : key.name;
      keys.push(chord({ ...key, name, text: "" }));
    },
  );
  input.write(sent);
  await new Promise((resolve) => void setImmediate(resolve));
  return keys;
}

describe("what node:readline decodes", () => {
  const modified = ["2", "3", "4", "5", "6", "7"];
  const CORPUS = [
    ...Array.from("ABCDFH", (final) => [`\x1b[${final}`, `\x1bO${final}`]).flat(),
    ...Array.from("ABCDFHPQS", (final) =>
      modified.map((modifier) => `\x1b[1;${modifier}${final}`),
    ).flat(),
    ...["1", "2", "3", "4", "5", "6", "7", "8"].flatMap((number) => [
      `\x1b[${number}~`,
      `\x1b[${number};5~`,
      `\x1b[${number};3~`,
    ]),
    ...["11", "12", "13", "14", "15", "17", "18", "19", "20", "21", "23", "24"].map(
      (number) => `\x1b[${number}~`,
    ),
    ...Array.from("PQRS", (final) => `\x1bO${final}`),
    ...Array.from("ABCDE", (final) => `\x1b[[${final}`),
    ...Array.from("abcd", (final) => [`\x1b[${final}`, `\x1bO${final}`]).flat(),
    ...["2$", "3$", "5$", "6$", "7$", "8$", "2^", "3^", "5^", "6^", "7^", "8^", "Z"].map(
      (end) => `\x1b[${end}`,
    ),
    ...Array.from("abcdefgklnopqrstuvwxyz", (letter) =>
      String.fromCharCode(letter.charCodeAt(0) & 0x1f),
    ),
    ...Array.from("bdfy", (letter) => `\x1b${letter}`),
    "\r",
    "\n",
    "\t",
    "\x7f",
    "\b",
    "\x1b\x7f",
    "\x1b\r",
    "a",
    "é",
    "日",
  ];

  test("is the same key here", async () => {
    for (const sent of CORPUS) {
      const ours = keysOf(Buffer.from(sent).toString("latin1")).map((key) =>
        key.replace(/=.*/s, ""),
      );
      expect([sent, ours]).toEqual([sent, await readlineKeys(sent)]);
    }
  });
});
