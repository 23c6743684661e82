import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";

import { historyOption } from "../../../src/cli/command-options.ts";
import { findSettings, SETTINGS, withSettings } from "../../../src/cli/config/settings.ts";
import { readCommandLine } from "../../../src/cli/options.ts";
import { cpuTime } from "../../harness/cpu-time.ts";
import { newPerson, type Person } from "../../harness/person.ts";
import { root } from "../../harness/program.ts";

function pathOf(person: Person): string {
  return join(person.config, "config.toml");
}

function writeConfig(person: Person, text: string | Uint8Array): void {
  mkdirSync(dirname(pathOf(person)), { recursive: true });
  writeFileSync(pathOf(person), text);
}

const placeOf = (person: Person, env: Record<string, string> = {}) => ({
  env: { ...person.env, ...env },
  cwd: "/",
});

/** The command line after the settings, with values as they are typed. */
async function read(line: string, person: Person, env: Record<string, string> = {}) {
  const typed = readCommandLine(line === "" ? [] : line.split(" "));
  const { flags, values, lists } = await withSettings(typed, placeOf(person, env));
  return {
    flags: [...flags].toSorted().join(" "),
    values: Object.fromEntries(values),
    lists: Object.fromEntries(lists),
  };
}

async function mistake(text: string | Uint8Array, env: Record<string, string> = {}) {
  using ana = newPerson();
  writeConfig(ana, text);
  const failed = await findSettings(placeOf(ana, env), false).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(failed instanceof Error)) return null;
  failed.message = failed.message.replace(pathOf(ana), "FILE");
  return failed;
}

const EVERYTHING = `name = "Ana"
bell = true
no-log = false
history = 50
[server]
port = 9000
keep = ["90d", "10GB"]
[serve]
port = 9001
bind = "127.0.0.1"
tls-cert = "own.pem"
tls-key = "~/key.pem"
[get]
timeout = 0.5
`;

describe("what is set", () => {
  test("is for the commands that have the option, each section for its own", async () => {
    using ana = newPerson();
    writeConfig(ana, EVERYTHING);
    const person = { name: "Ana", history: "50" };
    expect(await read("", ana)).toMatchObject({ flags: "bell history name", values: person });
    expect(await read("--server", ana)).toEqual({
      flags: "bell keep name port server",
      values: { name: "Ana", port: "9000", keep: "10GB" },
      lists: { name: ["Ana"], port: ["9000"], keep: ["90d", "10GB"] },
    });
    expect(await read("send hello", ana)).toMatchObject({ flags: "name", values: { name: "Ana" } });
    expect(await read("id", ana)).toMatchObject({ values: person });
    expect(await read("get localhost", ana)).toMatchObject({
      flags: "timeout",
      values: { timeout: "0.5" },
    });
  });

  test("before all sections is for each command that has the option, charla get too", async () => {
    using ana = newPerson();
    writeConfig(ana, "no-color = true\nno-notify = true\n");
    expect(await read("", ana)).toMatchObject({ flags: "no-color no-notify" });
    expect(await read("--server", ana)).toMatchObject({ flags: "no-color no-notify server" });
    for (const line of ["send hello", "serve", "get localhost"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, in order
      expect(await read(line, ana)).toMatchObject({ flags: "no-color" });
    }
    expect(await read("get localhost", ana, { CHARLA_NO_COLOR: "0" })).toMatchObject({ flags: "" });
  });

  test("names files from its own folder or the home folder on", async () => {
    using ana = newPerson();
    writeConfig(ana, EVERYTHING);
    const { values } = await read("serve", ana, { HOME: "/home/ana" });
    expect(values).toEqual({
      port: "9001",
      bind: "127.0.0.1",
      "tls-cert": join(ana.config, "own.pem"),
      "tls-key": "/home/ana/key.pem",
    });
  });

  test("gives way to a variable, and that to the command line", async () => {
    using ana = newPerson();
    writeConfig(ana, EVERYTHING);
    const env = {
      CHARLA_NAME: "Eva",
      CHARLA_BELL: "0",
      CHARLA_NO_LOG: "Yes",
      CHARLA_HISTORY: "",
      CHARLA_SERVER_KEEP: "1d,2GB",
    };
    expect(await read("", ana, env)).toMatchObject({
      flags: "history name no-log",
      values: { name: "Eva", history: "50" },
    });
    expect(await read("-n Ben --bell", ana, env)).toMatchObject({
      flags: "bell history name no-log",
      values: { name: "Ben", history: "50" },
    });
    expect(await read("--server", ana, env)).toMatchObject({ lists: { keep: ["1d", "2GB"] } });
    expect(await read("--server --keep 3d", ana, env)).toMatchObject({ lists: { keep: ["3d"] } });
  });

  test("gives way to an option that excludes it", async () => {
    using ana = newPerson();
    writeConfig(ana, EVERYTHING);
    expect((await read("serve --public", ana)).values).not.toHaveProperty("bind");
    const { values } = await read("serve --tls", ana);
    expect(Object.keys(values).toSorted()).toEqual(["bind", "port"]);
  });

  test("of the file is ignored with --no-config and with an empty CHARLA_CONFIG", async () => {
    using ana = newPerson();
    writeConfig(ana, "this is no TOML");
    const env = { CHARLA_NAME: "Eva" };
    expect(await read("--no-config", ana, env)).toMatchObject({ values: { name: "Eva" } });
    expect(await read("", ana, { ...env, CHARLA_CONFIG: "" })).toMatchObject({
      values: { name: "Eva" },
    });
  });

  test("may be in a file that CHARLA_CONFIG names, which must exist", async () => {
    using ana = newPerson();
    writeConfig(ana, EVERYTHING);
    using ben = newPerson();
    const CHARLA_CONFIG = pathOf(ana);
    expect(await read("", ben, { CHARLA_CONFIG })).toMatchObject({ values: { name: "Ana" } });
    expect(read("", ben, { CHARLA_CONFIG: "nowhere.toml" })).rejects.toMatchObject({
      code: "FILE_NOT_READABLE",
      message: "the config file /nowhere.toml does not exist",
    });
  });

  test("is nothing without a file, and where there is no folder for one", async () => {
    using ana = newPerson();
    expect(await findSettings(placeOf(ana), false)).toEqual([]);
    expect(await findSettings({ env: { XDG_CONFIG_HOME: "/dev/null" }, cwd: "/" }, false)).toEqual(
      [],
    );
  });

  test("for the history is for a terminal, and not for what a script reads", async () => {
    using ana = newPerson();
    writeConfig(ana, "history = 50");
    const terminal = { stdout: Object.assign(new PassThrough(), { isTTY: true }) };
    const pipe = { stdout: new PassThrough() };
    const set = await withSettings(readCommandLine([]), placeOf(ana));
    expect(historyOption(set, terminal)).toBe(50);
    expect(historyOption(set, pipe)).toBe(0);
    const json = await withSettings(readCommandLine(["--json"]), placeOf(ana));
    expect(historyOption(json, pipe)).toBeUndefined();
    const typed = await withSettings(readCommandLine(["--history", "7"]), placeOf(ana));
    expect(historyOption(typed, pipe)).toBe(7);
  });
});

test.each(SETTINGS.map((setting) => [`${setting.section} ${setting.key}`, setting] as const))(
  "the example of %s in messages is a setting that is taken",
  async (_name, { section, key, option: { takes, example = "" } }) => {
    expect(example === "").toBe(takes === "flag");
    const header = section === "person" ? "" : `[${section}]\n`;
    expect(await mistake(`${header}${key} = ${example || "true"}\n`)).toBeNull();
  },
);

describe("a mistake", () => {
  test.each([
    ['nmae = "x"', 1, 'there is no setting "nmae"', "did you mean name?"],
    [
      'bell = true\n# a = 1\n\nname = "a"\nb = \n',
      5,
      "this is not TOML: Missing value",
      "a setting is",
    ],
    [
      "bell = true\nbell = false",
      2,
      "this is not TOML: Cannot redefine key 'bell'",
      "a setting is",
    ],
    [
      'name = """\nAna"""\n\n# port\nport = 1',
      5,
      'there is no setting "port"',
      "it goes in [server] or [serve]",
    ],
    ["\n\nbell = 1", 3, "bell takes true or false", "for example: bell = true"],
    ["history = '5'", 1, "history takes a number, without quotes", "for example: history = 50"],
    [
      "history = 1e9",
      1,
      "history takes a number of messages from 0 to 100, not",
      "see charla --help",
    ],
    ['name = ""', 1, "name takes a text in quotes", 'for example: name = "Ana"'],
    ['name = "a\\nb"', 1, '"a\\nb" is not a valid name: ', "see charla --help"],
    ["[server]\nport = 99999", 2, '"99999" is not a port', "give a whole number from 0"],
    ["[server]\nport = 12.5", 2, '"12.5" is not a port', "give a whole number from 0"],
    ['[server]\nbind = "here"', 2, '"here" is not an address to listen on', "give an IP address"],
    [
      '[server]\nkeep = ["90d",\n"5"]',
      2,
      "keep takes a time or a size, such as 90d or 10GB",
      "see charla",
    ],
    [
      "[server]\nkeep = []",
      2,
      "keep takes a text in quotes, or a list of them",
      "for example: keep = [",
    ],
    [
      '[server]\nkeep = ["90d", 5]',
      2,
      "keep takes a text in quotes, or a list",
      "for example: keep = [",
    ],
    ["[server]\nquota = 5", 2, "quota takes a size, such as 10GB", "see charla"],
    ["[server]\nmemory = 5", 2, "memory takes a number of bytes from 1M", "write one such as"],
    ['[serve]\nmax-upload = "much"', 2, 'max-upload "much" is not a number of bytes', "write one"],
    ["[get]\ntimeout = -4", 2, '"-4" is not valid for timeout', "it takes seconds"],
    ["[get]\nretry = 101", 2, '"101" is not valid for retry', "it takes a whole number up to 100"],
    [
      "[get]\nbell = true",
      2,
      'there is no setting "bell" in [get]',
      "bell goes before all sections",
    ],
    ["[sever]\nport = 1", 1, "there is no section [sever]", "did you mean [server]?"],
    ["\n[chat]", 2, "there is no section [chat]", "the sections are [server], [serve], [get]"],
    ["server = 1", 1, "server is a section, not a setting", "write [server] on a line of its own"],
    ["[[server]]\nport = 1", 1, "server is a section, not a setting", "write [server]"],
    [
      '[serve]\nauth = "a:b"',
      2,
      'there is no setting "auth" in [serve]',
      "--auth is only for the command line",
    ],
    ["__proto__ = 1", 1, 'there is no setting "__proto__"', "charla config lists the settings"],
    ["constructor = 1", 1, 'there is no setting "constructor"', "charla config lists the settings"],
    ['\uFEFFname = "Ana"\r\n\r\nbell = "yes"\r\n', 3, "bell takes true or false", "for example"],
    ["name = \u0000", 1, "this is not TOML: ", "a setting is"],
  ])(
    "as in %j is reported with its line %d, what it is, and what helps",
    async (text, line, what, hint) => {
      const failed = await mistake(text);
      expect(failed?.message).toStartWith(`FILE, line ${line}: ${what}`);
      expect(failed).toMatchObject({ code: "CONFIG_INVALID", hint: expect.stringContaining(hint) });
    },
  );

  test.each([
    [{ CHARLA_BELL: "maybe" }, 'CHARLA_BELL: it is 1 or 0, not "maybe"'],
    [{ CHARLA_HISTORY: "x" }, "CHARLA_HISTORY: history takes a number of messages"],
    [{ CHARLA_SERVE_PORT: "70000" }, 'CHARLA_SERVE_PORT: "70000" is not a port'],
  ])("of the variable in %j is reported with its name", async (env, message) => {
    const failed = await mistake("", env);
    expect(failed?.message).toStartWith(message);
    expect(failed).toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("of the encoding is found before anything else", async () => {
    const failed = await mistake(Buffer.from('bell = true\nname = "\xe4"\n', "latin1"));
    expect(failed?.message).toBe("FILE, line 2: this is not UTF-8");
    const utf16 = await mistake(Buffer.from('\uFEFFname = "Ana"\n', "utf16le"));
    expect(utf16?.message).toBe("FILE, line 1: this is not UTF-8");
  });

  test("is a file that is too long, or a folder in its place", async () => {
    const long = await mistake("#".repeat(16 * 1024 + 1));
    expect(long).toMatchObject({ code: "FILE_NOT_READABLE" });
    expect(long?.message).toBe("the config file FILE is longer than 16,384 bytes");
    expect(await mistake("#".repeat(16 * 1024))).toBeNull();
    using ana = newPerson();
    mkdirSync(pathOf(ana), { recursive: true });
    expect(findSettings(placeOf(ana), false)).rejects.toMatchObject({
      code: "FILE_NOT_READABLE",
      message: `the config file ${pathOf(ana)} is not a file`,
      hint: expect.stringContaining("--no-config"),
    });
  });

  // Root reads what nobody may read.
  test.skipIf(process.getuid?.() === 0)("is a file that can't be read", async () => {
    using ana = newPerson();
    writeConfig(ana, EVERYTHING);
    chmodSync(pathOf(ana), 0);
    expect(findSettings(placeOf(ana), false)).rejects.toMatchObject({
      code: "FILE_NOT_READABLE",
      message: `the config file ${pathOf(ana)} can't be read: permission denied`,
    });
    chmodSync(ana.config, 0);
    expect(await findSettings(placeOf(ana), false)).toEqual([]);
    chmodSync(ana.config, 0o700);
  });

  test("in a file of as many lines as may be is found in time", async () => {
    const start = cpuTime();
    const lines = Array.from({ length: 1_800 }, (_, index) => `k${index} = 1`);
    const failed = await mistake(`${lines.join("\n")}\nb = \n`.slice(-16_000).replace(/^.*\n/, ""));
    expect(failed?.message).toContain("this is not TOML: Missing value");
    expect(cpuTime() - start).toBeLessThan(2_000);
  });
});

test("no two settings have the same variable, and none has one that means something else", () => {
  const variables = SETTINGS.map(({ variable }) => variable);
  expect(new Set(variables).size).toBe(variables.length);
  for (const other of ["CHARLA_CONFIG", "CHARLA_INVITATION", "CHARLA_DETACHED"]) {
    expect(variables).not.toContain(other);
  }
});

test("docs/config.md has every setting in its section", () => {
  const text = readFileSync(join(root, "docs", "config.md"), "utf8");
  const rows = Array.from(text.matchAll(/^\| (before all|`\[\w+\]`) +\| (.*?) +\|/gm));
  const documented = rows.flatMap(([, section = "", keys = ""]) =>
    keys.split(", ").map((key) => `${section.replaceAll(/[`[\]]/g, "")} ${key.slice(1, -1)}`),
  );
  expect(documented).toEqual(
    SETTINGS.map(({ section, key }) => `${section === "person" ? "before all" : section} ${key}`),
  );
});
