import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  findKnownServer,
  rememberServer,
  serverKeyChanged,
} from "../../src/identity/known-servers.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { runAtOnce } from "./at-once.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const other = Uint8Array.from({ length: 32 }, (_, index) => 0x60 + index);
const OTHER = "YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8";
const server = { host: "example.org", port: 12345 };

/** What a server's key is, compared with the remembered one. */
function compareServerKey(folder: string, target: typeof server, shown: Uint8Array) {
  const known = findKnownServer(folder, target);
  if (known === null) return "new";
  return Buffer.compare(known.key, shown) === 0 ? "same" : { changed: known };
}

/** A config folder with that text in its file of known servers. */
function folderWith(text: string | Uint8Array) {
  const folder = temporaryFolder();
  const path = join(folder.path, "known-servers");
  writeFileSync(path, text);
  return { folder: folder.path, path, [Symbol.dispose]: folder[Symbol.dispose] };
}

describe("a server is trusted on first use", () => {
  test("a server is known by its name and its port after the first use", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "missing", "charla");
    expect(compareServerKey(folder, server, key)).toBe("new");
    expect(findKnownServer(folder, server)).toBeNull();
    rememberServer(folder, server, key);
    expect(compareServerKey(folder, server, key)).toBe("same");
    expect(findKnownServer(folder, server)).toEqual({ key, line: 1 });
    expect(compareServerKey(folder, { ...server, port: 12346 }, key)).toBe("new");
    expect(compareServerKey(folder, { ...server, host: "www.example.org" }, key)).toBe("new");
  });

  test("another key of a known server is a changed key", () => {
    using file = folderWith(`other.example:1 ${OTHER}\nexample.org:12345 ${KEY}\n`);
    expect(compareServerKey(file.folder, server, other)).toEqual({ changed: { key, line: 2 } });
  });

  test("each server is a line of a file that only its owner can read", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "charla");
    rememberServer(folder, server, key);
    rememberServer(folder, { host: "2001:DB8::0:1", port: 80 }, other);
    const path = join(folder, "known-servers");
    expect(readFileSync(path, "utf8")).toBe(
      `example.org:12345 ${KEY}\n[2001:db8::1]:80 ${OTHER}\n`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test("a server is remembered once", () => {
    using base = temporaryFolder();
    for (const host of ["example.org", "Example.ORG"]) {
      rememberServer(base.path, { host, port: 12345 }, key);
    }
    expect(readFileSync(join(base.path, "known-servers"), "utf8")).toBe(
      `example.org:12345 ${KEY}\n`,
    );
  });

  test("a changed key is not remembered", () => {
    using file = folderWith(`example.org:12345 ${KEY}\n`);
    expect(() => rememberServer(file.folder, server, other)).toThrow(
      expect.objectContaining({ code: "SERVER_KEY_CHANGED" }),
    );
    expect(readFileSync(file.path, "utf8")).toBe(`example.org:12345 ${KEY}\n`);
  });
});

describe("a server has one name", () => {
  test.each([
    ["example.org", "EXAMPLE.Org"],
    ["::1", "0:0:0:0:0:0:0:1"],
    ["2001:db8::a", "2001:DB8:0::A"],
    ["192.0.2.1", "::ffff:192.0.2.1"],
    ["mañana.example", "MAÑANA.example"],
  ])("the names %s and %s are the same server", (one, same) => {
    using base = temporaryFolder();
    rememberServer(base.path, { host: one, port: 1 }, key);
    expect(compareServerKey(base.path, { host: same, port: 1 }, key)).toBe("same");
    using reverse = temporaryFolder();
    rememberServer(reverse.path, { host: same, port: 1 }, key);
    expect(compareServerKey(reverse.path, { host: one, port: 1 }, other)).toMatchObject({
      changed: { line: 1 },
    });
  });
});

describe("the file is read as people edit it", () => {
  test.each([
    ["without a newline at the end", `example.org:12345 ${KEY}`, 1],
    ["with comments and blank lines", `# mine\n\nexample.org:12345 ${KEY}\n`, 3],
    ["with the line ends of another system", `a:1 ${OTHER}\r\nexample.org:12345 ${KEY}\r\n`, 2],
    ["with an editor's mark at its beginning", `\uFEFFexample.org:12345 ${KEY}\n`, 1],
    ["with other blanks, and a note", `  example.org:12345\t${KEY}  Ana's\n`, 1],
    ["with the name in capitals", `Example.Org:12345 ${KEY}\n`, 1],
    ["with the default port left out", `example.org ${KEY}\n`, 1],
    [
      "with lines that mean nothing",
      `\0\0\0\n:::\nexample.org:99999 x\nexample.org:12345 ${KEY}`,
      4,
    ],
    ["with a line put out of use", `#example.org:12345 ${OTHER}\nexample.org:12345 ${KEY}\n`, 2],
    [
      "with two lines for a server: the first counts",
      `example.org ${KEY}\nexample.org ${OTHER}`,
      1,
    ],
  ])("the file of known servers is read %s", (_how, text, line) => {
    using file = folderWith(text);
    expect(findKnownServer(file.folder, server)).toEqual({ key, line });
  });

  test("a last line without a newline gets one before the next line", () => {
    using file = folderWith(`other.example:1 ${OTHER}`);
    rememberServer(file.folder, server, key);
    expect(readFileSync(file.path, "utf8")).toBe(
      `other.example:1 ${OTHER}\nexample.org:12345 ${KEY}\n`,
    );
  });
});

describe("a file that cannot be trusted is KNOWN_SERVERS_DAMAGED", () => {
  const hint =
    "repair it in an editor: each line is HOST:PORT and the server's key; a server whose line is removed counts as new";

  test.each(["", KEY.slice(0, 42), `${KEY}A`, "ssh-ed25519"])(
    "a file in which the server's key is %p is damaged: the server does not count as new",
    (written) => {
      using file = folderWith(`# mine\nexample.org:12345 ${written}\n`);
      const damaged = expect.objectContaining({
        code: "KNOWN_SERVERS_DAMAGED",
        message: `${file.path} holds no key for example.org:12345 in line 2`,
        hint,
      });
      expect(() => compareServerKey(file.folder, server, key)).toThrow(damaged);
      expect(() => rememberServer(file.folder, server, key)).toThrow(damaged);
      expect(compareServerKey(file.folder, { host: "elsewhere", port: 1 }, key)).toBe("new");
    },
  );

  test("a file longer than 1 MiB is damaged", () => {
    const line = `example.org:12345 ${KEY}\n`;
    using longest = folderWith(line.padEnd(1_048_576, "\n"));
    expect(compareServerKey(longest.folder, server, key)).toBe("same");
    using longer = folderWith(line.padEnd(1_048_577, "\n"));
    expect(() => compareServerKey(longer.folder, server, key)).toThrow(
      expect.objectContaining({
        code: "KNOWN_SERVERS_DAMAGED",
        message: `${longer.path} is longer than 1,048,576 bytes`,
        hint,
      }),
    );
  });

  test("a folder in place of the file is damaged", () => {
    using base = temporaryFolder();
    const path = join(base.path, "known-servers");
    mkdirSync(path);
    expect(() => compareServerKey(base.path, server, key)).toThrow(
      expect.objectContaining({ code: "KNOWN_SERVERS_DAMAGED", message: `${path} is not a file` }),
    );
  });
});

test("remembering a server in a folder that is not writable is FOLDER_NOT_WRITABLE", () => {
  using base = temporaryFolder();
  const folder = join(base.path, "charla");
  writeFileSync(folder, "");
  expect(() => rememberServer(folder, server, key)).toThrow(
    expect.objectContaining({
      code: "FOLDER_NOT_WRITABLE",
      message: `cannot write to ${folder}: there is a file in its place`,
    }),
  );
});

test("a changed key is refused loudly, and the hint says how to accept it on purpose", () => {
  const refusal = serverKeyChanged("/home/ana/.config/charla", server, other, { key, line: 3 });
  expect(refusal.code).toBe("SERVER_KEY_CHANGED");
  expect(refusal.message).toBe(
    "THE KEY OF example.org:12345 HAS CHANGED: it was " +
      "SHA256:Yw3NKWbEM2aRElRIu7JbT/QSpJxzLbLIq8G4WBvXEN0 and is now " +
      "SHA256:TY0nT/fhdq+XepWgBVyMXzR404ZANDoGDO6JPlbzmVc; somebody may be intercepting the connection",
  );
  expect(refusal.hint).toBe(
    "ask its owner for the fingerprint that charla id prints there; only if that is the new one, " +
      "remove line 3 of /home/ana/.config/charla/known-servers and join again",
  );
});

test("doing what the hint says accepts the new key", () => {
  using file = folderWith(`a:1 ${OTHER}\nexample.org:12345 ${KEY}\nb:1 ${OTHER}\n`);
  const check = compareServerKey(file.folder, server, other);
  if (typeof check !== "object") throw new Error(`the key was ${check}`);
  const lines = readFileSync(file.path, "utf8").split("\n");
  writeFileSync(file.path, lines.toSpliced(check.changed.line - 1, 1).join("\n"));
  rememberServer(file.folder, server, other);
  expect(readFileSync(file.path, "utf8")).toBe(
    `a:1 ${OTHER}\nb:1 ${OTHER}\nexample.org:12345 ${OTHER}\n`,
  );
});

test(
  "programs that remember servers at once lose none, and agree on the key of a shared one",
  async () => {
    using base = temporaryFolder();
    // The key of each program is its own number, 32 times.
    const printed = await runAtOnce(
      "remember-at-once.ts",
      (index) => [base.path, String(index)],
      8,
    );
    expect(printed.filter((line) => line === "remembered\n")).toHaveLength(1);
    expect(printed.filter((line) => line === "SERVER_KEY_CHANGED\n")).toHaveLength(7);
    const winner = printed.indexOf("remembered\n");
    expect(findKnownServer(base.path, { host: "shared", port: 12345 })?.key).toEqual(
      new Uint8Array(32).fill(winner),
    );
    const lines = readFileSync(join(base.path, "known-servers"), "utf8").split("\n");
    for (const line of lines.filter((text) => text !== "")) {
      expect(line).toMatch(/^(shared|own-\d):\d+ [\w-]{43}$/);
    }
    for (let program = 0; program < 8; program += 1) {
      expect(lines.filter((line) => line.startsWith(`own-${program}:`))).toHaveLength(50);
    }
  },
  END_TO_END_TIMEOUT,
);
