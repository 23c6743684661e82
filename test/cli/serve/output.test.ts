// The expected code was verified with zbarimg.

import { expect, test } from "bun:test";

import { qrCode } from "../../../src/cli/serve/output.ts";

const TEXT = "http://192.168.178.123:8000/";

test("without colours the light modules are drawn, with a quiet zone of four", () => {
  expect(qrCode(TEXT, { columns: 33, colours: false })?.join("\n")).toBe(
    `
█████████████████████████████████
█████████████████████████████████
████ ▄▄▄▄▄ █▀███▀ ▀▀██ ▄▄▄▄▄ ████
████ █   █ ██▀ ▀▄▄▀█ █ █   █ ████
████ █▄▄▄█ █▄ ▀▄  █▀ █ █▄▄▄█ ████
████▄▄▄▄▄▄▄█▄▀▄▀ █▄█▄█▄▄▄▄▄▄▄████
████ █▄█ ▀▄▀█▄▀  ▀▄▄▀███▄██▄▀████
████ ▀█▄ ▀▄▄▀▄▀▄ ▀▄ ▄▄▀███▄ ▄████
████▄█ █ ▀▄▄ ▄█  ▀▄▀▀█▀▀▄ █▄ ████
████▄▀▀▄▀▀▄ ▄█ ▄ ▀▄█ █▄▀█▀▄ ▄████
████▄██▄▄█▄▄  ▀ █▀ ▀ ▄▄▄ ▀█▀▀████
████ ▄▄▄▄▄ ██▄▄▀██▀█ █▄█ █  ▄████
████ █   █ █▄  ▀ ▀▄    ▄ █▄ ▄████
████ █▄▄▄█ █▄▄█▄ ▀▄ ▀ ▄▄▀▄▀▀▄████
████▄▄▄▄▄▄▄█▄██▄▄█▄▄▄▄▄▄▄██▄▄████
█████████████████████████████████
█████████████████████████████████
`.trim(),
  );
});

test("with colours the dark modules are drawn in black on white", () => {
  const lines = qrCode(TEXT, { columns: 80, colours: true }) ?? [];
  const plain = qrCode(TEXT, { columns: 80, colours: false }) ?? [];
  const inverse: Record<string, string> = { "█": " ", " ": "█", "▀": "▄", "▄": "▀" };
  expect(lines).toEqual(
    plain.map(
      (line) =>
        `\x1b[38;5;16;48;5;231m${Array.from(line, (block) => inverse[block]).join("")}\x1b[0m`,
    ),
  );
});

test("a terminal that is too narrow gets no code", () => {
  expect(qrCode(TEXT, { columns: 32, colours: false })).toBeNull();
});
