import { expect, test } from "bun:test";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { findChosenName, keepChosenName } from "../../src/cli/chosen-name.ts";
import type { Environment } from "../../src/identity/folders.ts";
import { newPerson } from "../harness/person.ts";

const ONE = new Uint8Array(32).fill(1);
const OTHER = new Uint8Array(32).fill(2);

function keep(env: Environment, server: Uint8Array, name: string): void {
  keepChosenName(env, server, name, (error) => {
    throw error;
  });
}

test("the name that was chosen last is kept for each server, and for its person alone", () => {
  using ana = newPerson();
  expect(findChosenName(ana.env, ONE)).toBeNull();
  keep(ana.env, ONE, "Ana");
  keep(ana.env, ONE, "Ana María");
  keep(ana.env, OTHER, "Añá 😀");
  expect(findChosenName(ana.env, ONE)).toBe("Ana María");
  expect(findChosenName(ana.env, OTHER)).toBe("Añá 😀");
  const folder = join(ana.data, "names");
  const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600]);
});

test.each(["", "\n", "two\nlines\n", "\x1b[31mred\n", "the server\n", "x".repeat(2_000)])(
  "a file that holds no valid name is as good as none: %j",
  (written) => {
    using ana = newPerson();
    keep(ana.env, ONE, "Ana");
    const [file = ""] = readdirSync(join(ana.data, "names"));
    writeFileSync(join(ana.data, "names", file), written);
    expect(findChosenName(ana.env, ONE)).toBeNull();
  },
);

test("where nothing can be read no name was chosen", () => {
  expect(findChosenName({ XDG_DATA_HOME: "/dev/null" }, ONE)).toBeNull();
});

test("a name that can't be kept is reported, and no error is thrown", () => {
  const codes: string[] = [];
  keepChosenName({ XDG_DATA_HOME: "/dev/null" }, ONE, "Ana", ({ code }) => codes.push(code));
  expect(codes).toEqual(["FOLDER_NOT_WRITABLE"]);
});
