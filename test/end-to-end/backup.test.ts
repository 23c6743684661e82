// A copy of a server's data, made while it runs with the commands of docs/server.md, and restored after the server's disk is
// lost: every message up to the copy is there, and members come back with what they have.

import { expect } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runCharla } from "../harness/in-process.ts";
import { testWith } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { charla as startProcess, root, run, runCharla as runProcess } from "../harness/program.ts";

/** The commands of docs/server.md whose first line says what they are for. */
function commands(purpose: string): string {
  const page = readFileSync(join(root, "docs/server.md"), "utf8");
  const blocks = Array.from(page.matchAll(/```sh\n(.*?)```/gs), ([, block = ""]) => block);
  return blocks.find((block) => block.startsWith(`# ${purpose}:`)) ?? "";
}

async function runCommands(purpose: string, ana: Person, copy: string): Promise<void> {
  const env = { DATA: ana.data, CONFIG: ana.config, COPY: copy };
  const done = await run(["sh", "-euc", commands(purpose)], { env });
  expect(done).toEqual({ stdout: "", stderr: "", status: 0 });
}

async function serve(ana: Person, port: number): Promise<string> {
  const args = ["--server", "--background", "--bind", "127.0.0.1", "--port", `${port}`];
  const { stderr, status } = await runProcess(args, { as: ana });
  expect({ stderr, status }).toMatchObject({ status: 0 });
  return /charla:\/\/\S+/.exec(stderr)?.[0] ?? "";
}

async function transcript(ana: Person): Promise<string[]> {
  const { stdout } = await runCharla(["history", "--all", "--json"], { as: ana });
  const lines = stdout.trimEnd().split("\n");
  return lines.map((line) => String(JSON.parse(line).text));
}

testWith(
  ["sqlite3"],
  "a copy made while the server runs is restored, with every message, and members come back",
  async () => {
    using ana = newPerson();
    using ben = newPerson();
    using away = newPerson();
    using files = new DisposableStack();
    const base = files.adopt(mkdtempSync(join(tmpdir(), "charla-copy-")), (path) =>
      rmSync(path, { recursive: true }),
    );
    const copy = join(base, "copy");
    files.defer(() => {
      const path = join(ana.data, "server");
      if (existsSync(path)) process.kill(JSON.parse(readFileSync(path, "utf8")).pid, "SIGKILL");
    });
    const port = await reservePort();
    const invitation = await serve(ana, port);
    await using member = startProcess(["-", "--name", "ben", "--json"], { as: ben });
    const before = Array.from({ length: 300 }, (_, index) => `before ${index + 1}`);
    member.type(`${invitation}\n${before.join("\n")}\n`);
    await member.until("stdout", /"delivered","text":"before 300"/);

    await runCommands("backup", ana, copy);
    for (const file of ["log.sqlite", "secret", "identity"]) {
      expect(statSync(join(copy, file)).mode & 0o077).toBe(0);
    }
    const after = Array.from({ length: 30 }, (_, index) => `after ${index + 1}`);
    member.type(`${after.join("\n")}\n`);
    await member.until("stdout", /"delivered","text":"after 30"/);
    expect(await transcript(ana)).toEqual([...before, ...after]);

    // Cy has read it all, and is away until the copy has been restored for a while.
    const device = ["-", "--name", "cy", "--json"];
    await using cy = startProcess(device, { as: away });
    cy.type(`${invitation}\n`);
    await cy.until("stdout", /"type":"entered"/);
    member.type("is everybody here?\n");
    await cy.until("stdout", "is everybody here?");
    cy.endInput();
    expect(await cy.exited).toBe(0);

    // The disk is lost.
    const { pid } = JSON.parse(readFileSync(join(ana.data, "server"), "utf8"));
    process.kill(pid, "SIGKILL");
    // Sending to a port at which nobody listens is noticed at once.
    member.type("said meanwhile\n");
    await member.until("stdout", /"type":"disconnected"/, 60_000);
    rmSync(ana.data, { recursive: true });
    rmSync(ana.config, { recursive: true });

    await runCommands("restore", ana, copy);
    expect(await serve(ana, port)).toBe(invitation);
    await member.until("stdout", /"delivered","text":"said meanwhile"/, 60_000);
    // Numbers that everybody had read under before are given again.
    const since = Array.from({ length: 35 }, (_, index) => `since ${index + 1}`);
    const input = `${since.join("\n")}\n`;
    const said = await runCharla(["-q", "--name", "ana"], { as: ana, input });
    expect(said).toMatchObject({ stderr: "", status: 0 });
    await member.until("stdout", /"type":"message","from":"ana","text":"since 35"/);
    expect(member.stdout).toContain('"text":"since 1"');
    expect(await transcript(ana)).toEqual([...before, "said meanwhile", ...since]);
    await using back = startProcess(device, { as: away });
    back.type(`${invitation}\n`);
    await back.until("stdout", '"since 35"');
    back.endInput();
    expect(await back.exited).toBe(0);
    const seen = Array.from(back.stdout.matchAll(/"text":"(since \d+)"/g), ([, text]) => text);
    expect(seen).toEqual(since.slice(-20));
    // Words are found in the copy as well.
    const found = await runCharla(["history", "--search", "before 299"], { as: ana });
    expect(found.stdout).toContain("ben: before 299\n");
    // A guest who was never there comes in by the old invitation.
    const guest = await runCharla(["-", "-q"], { input: `${invitation}\nhello\n` });
    expect(guest).toMatchObject({ stderr: "", status: 0 });
    member.endInput();
    expect(await member.exited).toBe(0);
    expect((await runCharla(["stop"], { as: ana })).status).toBe(0);
  },
);
