// What SECURITY.md says of charla's files: which there are, that only their owner can read them, whatever the umask, and that
// the log is plain text.

import { expect } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

import { runCharla } from "../harness/in-process.ts";
import { testWith } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { MAIN, root, run } from "../harness/program.ts";

const security = readFileSync(join(root, "SECURITY.md"), "utf8");
const documented = new Set(
  Array.from(security.matchAll(/^\|.*\|$/gm), ([row]) => row.split("|")[2] ?? "").flatMap((cell) =>
    Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = ""]) => name),
  ),
);

testWith(
  ["sh"],
  "every file of a server and a member is documented, and readable by its owner only",
  async () => {
    using ana = newPerson();
    using ben = newPerson();
    const main = `'${process.execPath}' '${MAIN}'`;
    // Open to everybody, as far as the umask goes.
    const shell = (command: string, as: typeof ana, input = "") =>
      run(["sh", "-c", `umask 0; ${main} ${command}`], { as, input });
    const opened = await shell("--server --background --port 0 --bind 127.0.0.1", ana);
    using started = new DisposableStack();
    const { pid } = JSON.parse(readFileSync(join(ana.data, "server"), "utf8"));
    started.defer(() => void run(["kill", "-9", String(pid)]));
    const invitation = /charla:\/\/\S+/.exec(opened.stderr)?.[0] ?? "";
    expect((await shell("- -n ben", ben, `${invitation}\nplainly readable\n`)).status).toBe(0);

    const files = [ana, ben].flatMap((person) =>
      [person.config, person.data].flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) =>
          join(folder, name),
        ),
      ),
    );
    expect(files.filter((file) => (statSync(file).mode & 0o077) !== 0)).toEqual([]);
    for (const folder of [ana.config, ana.data, ben.config, ben.data]) {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
    const names = files.map((file) =>
      [ana, ben]
        .flatMap(({ config, data }) => [config, data])
        .map((folder) => relative(folder, file))
        .find((path) => !path.startsWith("..")),
    );
    const undocumented = names.filter((name = "") => {
      const [first = ""] = name.split("/");
      return !documented.has(first) && !first.startsWith("log.");
    });
    expect(undocumented).toEqual([]);
    const [log, wal] = ["log.sqlite", "log.sqlite-wal"].map((name) =>
      readFileSync(join(ana.data, name), "latin1"),
    );
    expect(`${log}${wal}`).toContain("plainly readable");
    expect((await runCharla(["stop"], { as: ana })).status).toBe(0);
  },
);
