// The expected code was read back with zbarimg.

import { expect, test } from "bun:test";

import { qrCode } from "../../../src/cli/serve/qr-code.ts";

const TEXT = "http://192.168.178.123:8000/";

test("without colours light modules are drawn, and the quiet zone is four of them wide", () => {
  expect(qrCode(TEXT, { columns: 33, colours: false })?.join("\n")).toBe(
    `
█████████████████████████████████
█████████████████████████████████
████ ▄▄▄▄▄ █▀▀ ██▄█ ▄█ ▄▄▄▄▄ ████
████ █   █ █▄▀█████ ▀█ █   █ ████
████ █▄▄▄█ █ ▄ █ █▄ ▀█ █▄▄▄█ ████
████▄▄▄▄▄▄▄█ █ █ █▄▀ █▄▄▄▄▄▄▄████
████▄▄▀▄▀█▄▄▀▀██▄ ▀███  ▄█▄▄▀████
████ █▀█ ▄▄█▀▀▀█▄ ▄█▀█ ▀▄██▄▄████
████▄  ▀▄▀▄▀██▄██▄ ▄ ▀ ▄█ ▀▄ ████
████▄▀▀▄ ▄▄ ▀▀  ▄ █▀▄▀▀ █▀▄▀▄████
████▄▄██▄█▄█▀  ▀█▀▄▄ ▄▄▄   █▀████
████ ▄▄▄▄▄ █▄ ▄▀▄▄   █▄█ ▀▀ ▄████
████ █   █ █▀▄▄▄█▄▀▀  ▄▄ █▀██████
████ █▄▄▄█ █▀ ▄█▄▀ ▄▀▄█▄▄ ▄█▄████
████▄▄▄▄▄▄▄█▄▄▄▄█▄▄█▄▄▄▄███▄▄████
█████████████████████████████████
█████████████████████████████████
`.trim(),
  );
});

test("with colours dark modules are drawn, black on white whatever the terminal's own are", () => {
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

test("a terminal that is too narrow gets none", () => {
  expect(qrCode(TEXT, { columns: 32, colours: false })).toBeNull();
});
