// The local invitation, which a running server writes for the same person's other programs: they join without an
// argument, other users cannot read it, and it is removed when the server ends.

import { expect } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { charla, runCharla } from "../harness/in-process.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import {
  type SealedServer,
  startSealedServer,
  startSealedServerProcess,
} from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";

const invitationOf = (person: Person) => join(person.data, "invitation");

/** Starts a server and waits until it has written its local invitation. */
async function startServer(person: Person, ...args: string[]): Promise<SealedServer> {
  return untilWritten(person, await startSealedServer(args, { as: person }));
}

async function untilWritten(person: Person, server: SealedServer): Promise<SealedServer> {
  const [, end = ""] = server.invitation.split("#");
  await until("the local invitation", () => {
    const file = invitationOf(person);
    return existsSync(file) && readFileSync(file, "utf8").includes(end);
  });
  return server;
}

for (const command of [
  "charla",
  "charla localhost:PORT",
  "charla 127.0.0.1:PORT",
  "charla [::1]:PORT",
]) {
  endToEnd(`${command} joins the server of the same person`, async () => {
    using ana = newPerson();
    await using server = await startServer(ana);
    const args = command.replace("PORT", server.port).split(" ").slice(1);
    const said = await runCharla([...args, "-q"], { as: ana, input: "it is me\n" });
    expect(said).toEqual({ stdout: "", stderr: "", status: 0 });
    await server.until("stdout", "it is me\n");
  });
}

for (const bind of ["127.0.0.1", "::1", "localhost"]) {
  endToEnd(`charla joins the same person's server that listens on ${bind} only`, async () => {
    using ana = newPerson();
    await using server = await startServer(ana, "--bind", bind);
    const said = await runCharla(["-q"], { as: ana, input: "it is me\n" });
    expect(said).toEqual({ stdout: "", stderr: "", status: 0 });
    await server.until("stdout", "it is me\n");
  });
}

endToEnd("another person's charla does not use the local invitation", async () => {
  using ana = newPerson();
  await using server = await startServer(ana);
  const said = await runCharla([`localhost:${server.port}`], { input: "let me in\n" });
  expect(said.stderr).toContain("is by invitation only\nhint: ask the owner");
  expect(said.status).toBe(1);
  expect(server.stdout).toBe("");
});

endToEnd(
  "the local invitation is readable by its owner only, and removed when a signal ends the server",
  async () => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      using ana = newPerson();
      await using server = await startServer(ana);
      expect(statSync(invitationOf(ana)).mode & 0o777).toBe(0o600);
      expect(statSync(ana.data).mode & 0o777).toBe(0o700);
      server.signal(signal);
      await server.exited;
      expect(existsSync(invitationOf(ana))).toBe(false);
    }
  },
);

endToEnd("the local invitation is removed though a member was there until the end", async () => {
  using ana = newPerson();
  await using server = await startServer(ana);
  await using client = charla([], { as: ana });
  // The owner's own window is nobody else.
  await client.until("stderr", " in main, nobody else is here yet");
  server.signal("SIGTERM");
  await server.exited;
  expect(existsSync(invitationOf(ana))).toBe(false);
  client.endInput();
  await client.exited;
});

endToEnd(
  "the later of two servers is joined, and the earlier one doesn't remove its invitation",
  async () => {
    using ana = newPerson();
    await using first = await startServer(ana);
    await using second = await startServer(ana, "--ephemeral");
    await runCharla(["-n", "ben"], { as: ana, input: "to the second\n" });
    await second.until("stdout", "to the second\n");
    expect(first.stdout).toBe("");
    first.signal("SIGTERM");
    await first.exited;
    await runCharla(["-n", "ben"], { as: ana, input: "again\n" });
    await second.until("stdout", "ben: to the second\nben: again\n");
  },
);

endToEnd(
  "the local invitation of a killed server is reported as unreachable, and a new server replaces it",
  async () => {
    using ana = newPerson();
    const at = ["--bind", "127.0.0.1", "--port", `${await reservePort()}`];
    await using killed = await untilWritten(ana, await startSealedServerProcess(at, { as: ana }));
    killed.signal("SIGKILL");
    await killed.exited;
    expect(await runCharla([], { as: ana, input: "hello?\n" })).toEqual({
      stdout: "",
      stderr:
        `charla: no program is listening at 127.0.0.1:${killed.port}\n` +
        "hint: start charla --server there first; on the plain wire, charla receive\n",
      status: 1,
    });
    await using next = await startServer(ana);
    await runCharla([], { as: ana, input: "found\n" });
    await next.until("stdout", "found\n");
  },
);

endToEnd(
  "a server that cannot write the local invitation reports it and serves all the same",
  async () => {
    using ana = newPerson();
    // A file in the data folder's place.
    const env = { XDG_DATA_HOME: "/dev/null" };
    await using server = await startSealedServer(["--ephemeral"], { as: ana, env });
    await server.until("stderr", "cannot write to /dev/null/charla: ");
    const said = await runCharla([server.invitation, "-q"], { input: "hello\n" });
    expect(said).toEqual({ stdout: "", stderr: "", status: 0 });
    await server.until("stdout", "hello\n");
  },
);

endToEnd("a second server in one folder is refused with a hint", async () => {
  using ana = newPerson();
  await using first = await startServer(ana);
  const second = await runCharla(["--server", "--port", "0"], { as: ana });
  expect(second.status).toBe(1);
  expect(second.stderr).toMatch(
    /^charla: your server at \[::\]:\d+ is running already\nhint: charla joins it, and charla stop ends it; another one needs a --port of its own, and a folder with --data, or --ephemeral\n$/,
  );
  // With a folder of its own it starts.
  await using third = await startServer(ana, "--data", join(ana.data, "another"));
  expect(third.invitation).not.toBe(first.invitation);
  expect(existsSync(join(ana.data, "another", "log.sqlite"))).toBe(true);
});

endToEnd(
  "messages are there when the server is started again, unless with --ephemeral",
  async () => {
    using ana = newPerson();
    for (const [args, stored] of [
      [[], "ben: hello\n"],
      [["--ephemeral"], ""],
    ] as const) {
      using ben = newPerson();
      await using server = await startServer(ana, "--bind", "127.0.0.1", ...args);
      expect(
        (await runCharla([server.invitation, "-n", "ben"], { as: ben, input: "hello\n" })).status,
      ).toBe(0);
      await server.until("stdout", "hello\n");
      server.signal("SIGTERM");
      await server.exited;
      await using again = await startServer(ana, "--bind", "127.0.0.1", "--history", "20", ...args);
      await again.until("stderr", "you are ana");
      await using cy = charla([again.invitation, "-n", "cy"]);
      cy.type("is anything here?\n");
      await again.until("stdout", "is anything here?\n");
      expect(again.stdout).toBe(`${stored}cy: is anything here?\n`);
      again.signal("SIGTERM");
      await again.exited;
    }
  },
);
