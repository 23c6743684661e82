// Admission: by an invitation, or by a list of authorized keys (docs/protocol.md s. 17.1).

import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { charla, runCharla } from "../harness/in-process.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { startSealedServer } from "../harness/sealed-server.ts";

async function fingerprintOf(person: Person): Promise<string> {
  const { stdout } = await runCharla(["id", "--json"], { as: person });
  return JSON.parse(stdout).fingerprint;
}

endToEnd("with --admit the keys in the file need no invitation, and all others do", async () => {
  using ana = newPerson();
  using ben = newPerson();
  using cy = newPerson();
  // Creates her folders.
  await fingerprintOf(ana);
  const path = join(ana.config, "friends");
  const ofBen = await fingerprintOf(ben);
  writeFileSync(path, `# friends\n${ofBen} ben\n`, { mode: 0o600 });
  await using server = await startSealedServer(["--bind", "127.0.0.1", "--admit", path], {
    as: ana,
  });
  const where = `127.0.0.1:${server.port}`;
  const said = await runCharla([where, "-n", "ben"], { as: ben, input: "hello\n" });
  expect(said.status).toBe(0);
  await server.until("stdout", "hello\n");
  const refused = await runCharla([where], { as: cy, input: "me too\n" });
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("is by invitation only");
  // The invitation still admits anyone.
  expect(
    (await runCharla([server.invitation, "-n", "cy"], { as: cy, input: "so do I\n" })).status,
  ).toBe(0);

  // The file is read again: a key that was removed is no longer admitted.
  writeFileSync(path, "# nobody\n");
  expect((await runCharla([where], { as: ben, input: "again\n" })).status).toBe(1);
  expect(server.stdout).toBe("ben: hello\ncy: so do I\n");
});

endToEnd(
  "an error in the file of --admit is reported with its line, and no server is opened",
  async () => {
    using ana = newPerson();
    const path = join(ana.config, "..", "friends");
    await runCharla(["id"], { as: ana });
    writeFileSync(path, "# friends\nben\n", { mode: 0o600 });
    const ended = await runCharla(["--server", "--port", "0", "--admit", path], { as: ana });
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(
      /^charla: line 2 of \S+friends does not begin with a fingerprint\nhint: [^\n]+\n$/,
    );
  },
);

endToEnd("an invalid name or room is refused with status 2", async () => {
  for (const [option, value, quoted] of [
    ["--name", " blank", '" blank"'],
    // It may be a part of an invitation, which is never repeated.
    ["--name", "x".repeat(41), "a long word"],
    ["--room", "a room", '"a room"'],
  ] as const) {
    const ended = await runCharla(["localhost:1", `${option}=${value}`]);
    expect(ended.status).toBe(2);
    expect(ended.stderr).toStartWith(`charla: ${quoted} is not a valid ${option.slice(2)}: `);
    expect(ended.stderr).toMatch(
      /^charla: .+ is not a valid (name|room): [^\n]+\nhint: see charla --help\n$/,
    );
  }
});

endToEnd("-r joins another room of the same server, and sends to it", async () => {
  await using server = await startSealedServer();
  await using cellar = charla([server.invitation, "-n", "cy", "-r", "cellar"]);
  await cellar.until("stderr", "you are cy in cellar");
  const args = ["send", "--to", server.invitation, "-n", "dee", "-r", "cellar", "down here"];
  expect((await runCharla(args)).status).toBe(0);
  await cellar.until("stdout", "down here\n");
  expect(server.stdout).toBe("");
});
