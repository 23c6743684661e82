// How a client authenticates the server: by the key in an invitation, or with trust on first use for a host; another
// key than the expected one stops the join (docs/protocol.md s. 17.1, RFC 4251 s. 4.1).

import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { runCharla } from "../harness/in-process.ts";
import { hostAndPort, LOOPBACKS_TRIED } from "../harness/loopback.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { startSealedServer } from "../harness/sealed-server.ts";

async function identityOf(person: Person): Promise<{ fingerprint: string; publicKey: string }> {
  const { stdout } = await runCharla(["id", "--json"], { as: person });
  return JSON.parse(stdout);
}

const knownServersOf = (person: Person) => join(person.config, "known-servers");

for (const host of LOOPBACKS_TRIED) {
  describe(`an open server at ${host}`, () => {
    endToEnd(
      "an open server's fingerprint is shown on the first join, and its key is remembered",
      async () => {
        using ana = newPerson();
        using ben = newPerson();
        await using server = await startSealedServer(["--open", "--bind", host], { as: ana });
        await server.until("stderr", "open: anyone who can reach this machine can join");
        const where = hostAndPort(host, server.port);
        const { fingerprint, publicKey } = await identityOf(ana);

        const first = await runCharla([where, "-n", "ben"], { as: ben, input: "hello\n" });
        expect(first).toEqual({
          stdout: "",
          stderr:
            `met this server for the first time; its fingerprint is ${fingerprint}\n` +
            "you are ben in main, with ana\nyou left\n",
          status: 0,
        });
        expect(readFileSync(knownServersOf(ben), "utf8")).toBe(`${where} ${publicKey}\n`);

        const second = await runCharla([where, "-n", "ben"], { as: ben, input: "again\n" });
        expect(second).toEqual({
          stdout: "",
          stderr: "you are ben in main, with ana\nyou left\n",
          status: 0,
        });
        await server.until("stdout", "ben: hello\nben: again\n");
      },
    );

    endToEnd("a server whose key has changed is not joined", async () => {
      using ana = newPerson();
      using ben = newPerson();
      using eve = newPerson();
      const before = await identityOf(ana);
      const now = await identityOf(eve);
      const args = ["--open", "--bind", host, "--port", `${await reservePort()}`];
      await using server = await startSealedServer(args, { as: ana });
      const where = hostAndPort(host, server.port);
      await runCharla([where, "-n", "ben"], { as: ben, input: "hello\n" });
      server.signal("SIGTERM");
      await server.exited;

      await using other = await startSealedServer(args, { as: eve });
      expect(await runCharla([where], { as: ben, input: "a secret\n" })).toEqual({
        stdout: "",
        stderr:
          `charla: THE KEY OF ${where} HAS CHANGED: it was ${before.fingerprint} and is now ` +
          `${now.fingerprint}; somebody may be intercepting the connection\n` +
          "hint: ask its owner for the fingerprint that charla id prints there; only if that is the " +
          `new one, remove line 1 of ${knownServersOf(ben)} and join again\n`,
        status: 1,
      });
      // The other server got no message and no member.
      expect(other.stdout).toBe("");
      expect(other.stderr).not.toContain("joined");
      expect(readFileSync(knownServersOf(ben), "utf8")).toBe(`${where} ${before.publicKey}\n`);
    });
  });
}

describe("an invitation", () => {
  endToEnd("an invitation is refused when the server has another key", async () => {
    using ana = newPerson();
    using eve = newPerson();
    const actual = await identityOf(eve);
    const expected = await identityOf(ana);
    await using server = await startSealedServer(["--bind", "127.0.0.1"], { as: eve });
    const forAna = server.invitation.replace(/#[^.]*/, `#${expected.publicKey}`);
    expect(await runCharla([forAna], { input: "a secret\n" })).toEqual({
      stdout: "",
      stderr:
        `charla: 127.0.0.1:${server.port} is not the server that made this invitation: its ` +
        `fingerprint is ${actual.fingerprint}, and not ${expected.fingerprint}\n` +
        "hint: ask for a new invitation if the server was set up anew; if it was not, somebody " +
        "is impersonating it\n",
      status: 1,
    });
    expect(server.stdout).toBe("");
    expect(server.stderr).not.toContain("joined");
  });

  endToEnd("an invitation with the secret of an earlier server is refused", async () => {
    using ana = newPerson();
    await using server = await startSealedServer(["--bind", "127.0.0.1"], { as: ana });
    await using earlier = await startSealedServer(["--bind", "127.0.0.1", "--ephemeral"], {
      as: ana,
    });
    const mixed = server.invitation.replace(/[^.]*$/, /[^.]*$/.exec(earlier.invitation)?.[0] ?? "");
    expect(mixed).not.toBe(server.invitation);
    expect(await runCharla([mixed], { input: "a secret\n" })).toEqual({
      stdout: "",
      stderr:
        `charla: the conversation at 127.0.0.1:${server.port} does not take this invitation\n` +
        "hint: it may be used up, expired or from an earlier server: ask the owner for another\n",
      status: 1,
    });
    expect(server.stdout).toBe("");
  });

  endToEnd("the invitation of an open server has no secret, and works", async () => {
    await using server = await startSealedServer(["--open", "--bind", "::1"]);
    expect(server.invitation).toMatch(/^charla:\/\/\[::1\]:\d+\/main#[\w-]{43}$/);
    const said = await runCharla([server.invitation], { input: "hello\n" });
    // The invitation's key needs no trust on first use.
    expect(said.stderr).toStartWith("you are ");
    expect(said.status).toBe(0);
    await server.until("stdout", "hello\n");
  });

  const cuts: [where: string, cut: (whole: string) => string, message: RegExp, status: number][] = [
    [
      "before the dot",
      (whole) => whole.replace(/\.[^.]*$/, ""),
      /^charla: the conversation at 127\.0\.0\.1:\d+ is by invitation only\nhint: ask the owner for the whole invitation: it has a dot, and 22 characters after it\n$/,
      1,
    ],
    [
      "after the dot",
      (whole) => whole.replace(/[^.]*$/, ""),
      /^charla: the invitation's secret is 0 characters long, and should be 22\nhint: it was cut off: copy it completely, up to the end of its line\n$/,
      2,
    ],
    [
      "inside the secret",
      (whole) => whole.slice(0, -3),
      /^charla: the invitation's secret is 19 characters long, and should be 22\nhint: it was cut off: copy it completely, up to the end of its line\n$/,
      2,
    ],
    [
      "inside the key",
      (whole) => whole.slice(0, whole.indexOf("#") + 11),
      /^charla: the invitation's key is 10 characters long, and should be 43\nhint: it was cut off: copy it completely, up to the end of its line\n$/,
      2,
    ],
    [
      "before the key",
      (whole) => whole.slice(0, whole.indexOf("#")),
      /^charla: the invitation ends before its key: it has no #\nhint: copy all of it, and write it "in quotes", so that the shell does not change it\n$/,
      2,
    ],
    [
      "after the scheme",
      () => "charla://",
      /^charla: the invitation has no address: [^\n]*\nhint: copy it again, completely, from where it was shown\n$/,
      2,
    ],
  ];
  for (const [where, cut, message, status] of cuts) {
    endToEnd(
      `an invitation cut off ${where} is reported in one sentence with status ${status}`,
      async () => {
        await using server = await startSealedServer(["--bind", "127.0.0.1"]);
        const ended = await runCharla([cut(server.invitation)], { input: "hello\n" });
        expect(ended.stderr).toMatch(message);
        expect({ stdout: ended.stdout, status: ended.status }).toEqual({ stdout: "", status });
        expect(server.stdout).toBe("");
      },
    );
  }
});

endToEnd("a host whose server needs an invitation is not joined, and not remembered", async () => {
  using ben = newPerson();
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  const where = `127.0.0.1:${server.port}`;
  expect(await runCharla([where, "-n", "ben"], { as: ben, input: "hello\n" })).toEqual({
    stdout: "",
    stderr:
      `charla: the conversation at ${where} is by invitation only\n` +
      "hint: ask the owner for the whole invitation: it has a dot, and 22 characters after it\n",
    status: 1,
  });
  expect(() => readFileSync(knownServersOf(ben))).toThrow("ENOENT");
  expect(server.stdout).toBe("");
});
