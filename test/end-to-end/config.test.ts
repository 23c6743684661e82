// `charla config`, and the example of docs/config.md in force.

import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { runCharla } from "../harness/in-process.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { root } from "../harness/program.ts";

const document = readFileSync(join(root, "docs", "config.md"), "utf8");
const [, example = ""] = /^```toml\n(.*?)^```$/ms.exec(document) ?? [];
const [, shown = ""] = /^```\n(name = .*?)^```$/ms.exec(document) ?? [];

function personWith(text: string): Person & { readonly path: string } {
  const person = newPerson();
  const path = join(person.config, "config.toml");
  mkdirSync(person.config, { recursive: true });
  writeFileSync(path, text);
  return { ...person, path };
}

test("charla config prints what docs/config.md shows of its example", async () => {
  using ana = personWith(example);
  const { stdout, stderr, status } = await runCharla(["config"], {
    as: ana,
    env: { CHARLA_BELL: "0" },
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  const documented = stdout.replaceAll(ana.path, "/home/ana/.config/charla/config.toml");
  expect(documented).toStartWith(shown);
  expect(documented).toContain("\n[server]\nport = 9000 ");
  expect(documented).toContain('\nkeep = ["90d", "10GB"]  # ');
  expect(documented).toContain("\n# memory                # default: 1G\n");
});

test("charla config --json prints an object for each setting, with its source", async () => {
  using ana = personWith(example);
  const env = { CHARLA_BELL: "0" };
  const { stdout } = await runCharla(["config", "--json"], { as: ana, env });
  const settings = stdout
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const at = (line: number) => ({ source: "file", where: `${ana.path}, line ${line}` });
  const type = "setting";
  expect(settings.slice(0, 4)).toEqual([
    { type, section: null, key: "name", value: "Ana", ...at(1) },
    { type, section: null, key: "bell", value: false, source: "variable", where: "CHARLA_BELL" },
    { type, section: null, key: "history", value: 50, ...at(3) },
    { type, section: null, key: "no-log", value: null, source: "default", where: "false" },
  ]);
  expect(settings).toContainEqual({
    type,
    section: "server",
    key: "keep",
    value: ["90d", "10GB"],
    ...at(7),
  });
});

const withoutLines = (text: string) => text.replaceAll(/ +# .*, line \d+$/gm, "");

test("what charla config prints is a config file that says the same", async () => {
  using ana = personWith(example);
  const { stdout } = await runCharla(["config"], { as: ana });
  using ben = personWith(stdout);
  const again = await runCharla(["config"], { as: ben });
  expect(withoutLines(again.stdout)).toBe(withoutLines(stdout));
});

test("charla config --path prints where the file is, whether it exists or not", async () => {
  using ana = newPerson();
  const path = join(ana.config, "config.toml");
  expect(await runCharla(["config", "--path"], { as: ana })).toEqual({
    stdout: `${path}\n`,
    stderr: "",
    status: 0,
  });
  const json = await runCharla(["config", "--path", "--json"], { as: ana });
  expect(JSON.parse(json.stdout)).toEqual({ type: "config", path });
  const none = await runCharla(["config", "--path"], { as: ana, env: { CHARLA_CONFIG: "" } });
  expect(none).toMatchObject({ stdout: "", status: 2 });
  expect(none.stderr).toStartWith("charla: there is no config file: CHARLA_CONFIG is empty");
});

test("charla config takes no arguments", async () => {
  const { stderr, status } = await runCharla(["config", "edit"]);
  expect(status).toBe(2);
  expect(stderr).toStartWith('charla: config takes no arguments, but got "edit"\nhint: ');
});

test("a mistake in the file ends a command before it does anything, with status 2", async () => {
  using ana = personWith('name = "Ana"\nbel = true\n');
  const failed = await runCharla(["localhost:1"], { as: ana });
  const shownMistake = /^```\n(charla: .*?)^```$/ms.exec(document)?.[1];
  const stderr = failed.stderr.replaceAll(ana.path, "/home/ana/.config/charla/config.toml");
  expect({ ...failed, stderr }).toEqual({ stdout: "", stderr: shownMistake ?? "", status: 2 });
  const json = await runCharla(["id", "--json"], { as: ana });
  expect(json.status).toBe(2);
  expect(JSON.parse(json.stdout)).toMatchObject({ type: "error", code: "CONFIG_INVALID" });
});

test("a mistake in the file is in nobody's way who helps themselves", async () => {
  using ana = personWith("this is not TOML");
  const stopped = await runCharla(["stop"], { as: ana });
  expect(stopped).toMatchObject({ status: 1 });
  expect(stopped.stderr).toContain("no server of ");
  expect(await runCharla(["config", "--path"], { as: ana })).toMatchObject({ status: 0 });
  expect(await runCharla(["--help"], { as: ana })).toMatchObject({ status: 0 });
  expect(await runCharla(["id", "--no-config"], { as: ana })).toMatchObject({ status: 0 });
});

test("charla id prints the name that is set", async () => {
  using ana = personWith(example);
  expect((await runCharla(["id"], { as: ana })).stdout).toStartWith("name         Ana\n");
});

test("a setting that excludes what is typed is ignored", async () => {
  using ana = personWith('name = "Ana"\nno-log = true\n[server]\nkeep = "90d"\n');
  // The plain wire has no names, and without a peer this fails for want of one only.
  const { stderr } = await runCharla(["send", "--to", "localhost:1", "hello"], { as: ana });
  expect(stderr).not.toContain("--name");
});
