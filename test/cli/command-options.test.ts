import { expect, test } from "bun:test";

import { listenOptions } from "../../src/cli/command-options.ts";
import { readCommandLine } from "../../src/cli/options.ts";

const listen = (...args: string[]) => listenOptions(readCommandLine(["receive", ...args]));

test("without options charla listens on port 12345 of every address", () => {
  expect(listen()).toEqual({ bind: undefined, port: 12345 });
});

test.each([
  [["-p", "8000"], { bind: undefined, port: 8000 }],
  [["-p", "0"], { bind: undefined, port: 0 }],
  [["-b", "127.0.0.1"], { bind: "127.0.0.1", port: 12345 }],
  [["-b", "::1", "-p", "65535"], { bind: "::1", port: 65535 }],
  [["-b", "localhost"], { bind: "localhost", port: 12345 }],
])("%j says where to listen", (args, where) => {
  expect(listen(...args)).toEqual(where);
});

test.each(["65536", "-1", "http", "1.5"])("-p %s is PORT_OUT_OF_RANGE", (port) => {
  expect(() => listen(`--port=${port}`)).toThrow(
    expect.objectContaining({
      code: "PORT_OUT_OF_RANGE",
      hint: "give a whole number from 0 (any free port) to 65535",
    }),
  );
});

test.each(["example.org", "127.0.0.1:80", "[::1]", "256.0.0.1", "--json"])(
  "-b %s is INVALID_ADDRESS: to listen takes an address of this machine",
  (bind) => {
    expect(() => listen(`--bind=${bind}`)).toThrow(
      expect.objectContaining({
        code: "INVALID_ADDRESS",
        message: `"${bind}" is not an address to listen on`,
        hint: "give an IP address of this machine, such as 127.0.0.1 or ::1",
      }),
    );
  },
);
