import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";

import { FIRST_ENTRIES } from "../../src/chat/frames.ts";
import {
  historyOption,
  listenOptions,
  memoryOption,
  publicHostOption,
  searchCommand,
  storageOptions,
} from "../../src/cli/command-options.ts";
import { OPTIONS } from "../../src/cli/option-table.ts";
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

test("the command that searches a room can be pasted into a shell", () => {
  expect(searchCommand("h:1/main")).toBe("charla history h:1/main --search");
  expect(searchCommand("[::1]:1/main")).toBe("charla history '[::1]:1/main' --search");
  expect(searchCommand("lunch", "my rooms")).toBe(
    "charla history lunch --data 'my rooms' --search",
  );
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

test.each([
  [[], true, undefined],
  [[], false, 0],
  [["--json"], false, undefined],
  [["--history", "0"], true, 0],
  [["--history", "100"], false, 100],
])("%j (stdout is a terminal: %p) asks for %p earlier messages", (args, isTTY, history) => {
  const stdout = Object.assign(new PassThrough(), { isTTY });
  expect(historyOption(readCommandLine(args), { stdout })).toBe(history);
});

test("--help says what --history is where it is not written: in a pipe 0, but not of JSON", () => {
  const stdout = new PassThrough();
  const [text, json] = [[], ["--json"]].map((args) =>
    historyOption(readCommandLine(args), { stdout }),
  );
  expect(OPTIONS["history"]?.does.chat).toEndWith(
    ` (${json ?? FIRST_ENTRIES}; text pipe: ${text})`,
  );
});

test.each(["101", "-1", "all", "1.5"])("--history=%s is a usage error", (count) => {
  const stdout = new PassThrough();
  expect(() => historyOption(readCommandLine([`--history=${count}`]), { stdout })).toThrow(
    expect.objectContaining({
      code: "USAGE",
      message: `--history takes a number of messages from 0 to 100, not "${count}"`,
      hint: "see charla --help",
    }),
  );
});

test.each([
  [[], undefined],
  [["--memory", "64M"], 64 * 1_024 ** 2],
  [["--memory=2G"], 2 * 1_024 ** 3],
  [["--memory", "1M"], 1_024 ** 2],
])("%j lets members make a server hold %p bytes", (args, bytes) => {
  expect(memoryOption(readCommandLine(["--server", ...args]))).toBe(bytes);
});

test.each(["0", "1000K", "much", "-1G"])("--memory=%s is a usage error", (written) => {
  expect(() => memoryOption(readCommandLine(["--server", `--memory=${written}`]))).toThrow(
    expect.objectContaining({
      code: "USAGE",
      message: `--memory takes a number of bytes from 1M, not "${written}"`,
      hint: "write one such as 64M or 2G; see charla --server --help",
    }),
  );
});

test.each([
  [[], undefined, undefined],
  [["--keep", "90d"], { time: 90 * 86_400_000 }, undefined],
  [["--keep", "10GB"], { bytes: 10 * 1024 ** 3 }, undefined],
  [
    ["--keep=2h", "--keep=1.5G", "--quota=20GB"],
    { time: 7_200_000, bytes: 1.5 * 1024 ** 3 },
    20 * 1024 ** 3,
  ],
  [["--keep", "10m"], { time: 600_000 }, undefined],
  [["--keep", "10M"], { bytes: 10 * 1024 ** 2 }, undefined],
  [["--quota", "1MB"], undefined, 1024 ** 2],
])("%j keeps %j, and uses at most %p of the disk", (args, keep, quota) => {
  expect(storageOptions(readCommandLine(["--server", ...args]))).toEqual({ keep, quota });
});

test.each([
  [
    ["--keep", "forever"],
    '--keep takes a time or a size, such as 90d or 10GB, from 1MB, not "forever"',
  ],
  [["--keep", "10"], '--keep takes a time or a size, such as 90d or 10GB, from 1MB, not "10"'],
  [["--quota", "90d"], '--quota takes a size, such as 10GB, from 1MB, not "90d"'],
  [["--quota", "0"], '--quota takes a size, such as 10GB, from 1MB, not "0"'],
])("%j is a usage error", (args, message) => {
  expect(() => storageOptions(readCommandLine(["--server", ...args]))).toThrow(
    expect.objectContaining({ code: "USAGE", message, hint: "see charla --server --help" }),
  );
});

test.each([
  ["home.example", { host: "home.example", port: undefined }],
  ["home.example:443", { host: "home.example", port: 443 }],
  ["203.0.113.4:9000", { host: "203.0.113.4", port: 9000 }],
  ["2001:db8::1", { host: "2001:db8::1", port: undefined }],
  ["[2001:db8::1]:9000", { host: "2001:db8::1", port: 9000 }],
])("--public-host %s is named in invitations as %j", (written, host) => {
  expect(publicHostOption(readCommandLine(["--server", "--public-host", written]))).toEqual(host);
});

test.each([
  ["home.example/path", "INVALID_ADDRESS"],
  ["one,two", "INVALID_ADDRESS"],
  ["home.example:0", "PORT_OUT_OF_RANGE"],
  ["home.example:", "PORT_OUT_OF_RANGE"],
])("--public-host %s is %s", (written, code) => {
  const commandLine = readCommandLine(["--server", "--public-host", written]);
  expect(() => publicHostOption(commandLine)).toThrow(expect.objectContaining({ code }));
});
