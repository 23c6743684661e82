// An invitation lets people in, so no command needs it among its arguments, which `ps` shows to every user: stdin, a
// file and the environment will do, and an argument is covered at once.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { charla, runCharla } from "../harness/in-process.ts";
import { endToEnd, testWith } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { CHARLA, charla as startProcess, MAIN, root, run } from "../harness/program.ts";
import { openRawServer } from "../harness/raw-server.ts";
import { openScreen, typedRow } from "../harness/screen.ts";
import { type SealedServer, startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";

const startServer = () => startSealedServer(["--bind", "127.0.0.1"]);

const withVariable = (server: SealedServer) => ({ CHARLA_INVITATION: server.invitation });

/** A file with that text, removed at the end of the scope. */
function fileWith(text: string) {
  const folder = mkdtempSync(join(tmpdir(), "charla-invitation-"));
  const path = join(folder, "invitation");
  writeFileSync(path, text, { mode: 0o600 });
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

describe("an invitation that is mistyped", () => {
  const END = "83z9QYhQkB1JAAECAwQFBgcICQoLDA0ODxAREhMUFRY.w7mAAAECAwQFBgcICQoLDA";
  const REST = `127.0.0.1:12399/main#${END}`;
  const INVALID = { status: 2, code: "INVALID_INVITATION" };

  for (const beginning of ["harla://", "htp://", "//", "", "charla:/", "<charla://"]) {
    endToEnd(`at its beginning, as ${beginning}, is not repeated anywhere`, async () => {
      using person = newPerson();
      const written = `${beginning}${REST}`;
      using file = fileWith(written);
      for (const [args, { status, code, input = "" }] of [
        [[written], INVALID],
        [["-"], { ...INVALID, input: written }],
        [["--invitation-file", file.path], INVALID],
        [["send", "--to", written, "hi"], INVALID],
        [["doctor", written], INVALID],
        [["history", written], INVALID],
        [["send", written], { status: 2, code: "USAGE" }],
        [["--plain", written], { status: 2, code: "USAGE" }],
        [["--invitation-file", written], { status: 2, code: "USAGE" }],
        [["--room", written, "localhost"], { status: 2, code: "USAGE" }],
        [["--server", written], { status: 2, code: "USAGE" }],
        [["stop", written], { status: 2, code: "USAGE" }],
        [["doctor", "localhost", written], { status: 2, code: "USAGE" }],
        [["--server", "--bind", written], { status: 2, code: "INVALID_ADDRESS" }],
        [["--server", "--public-host", written], { status: 2, code: "INVALID_ADDRESS" }],
        [["--server", "--port", written], { status: 2, code: "PORT_OUT_OF_RANGE" }],
      ] as [string[], { status: number; code: string; input?: string }][]) {
        const ended = await runCharla([...args, "--json"], { env: person.env, input });
        const output = `${ended.stdout}${ended.stderr}`;
        expect({ args, code: output.includes(`"${code}"`) || output }).toEqual({
          args,
          code: true,
        });
        expect(ended.status).toBe(status);
        expect(output).not.toContain("83z9");
        expect(output).not.toContain("w7m");
      }
    });
  }

  endToEnd("by a blank inside is said to be cut off, and the rest is not repeated", async () => {
    using person = newPerson();
    const whole = `charla://${REST}`;
    for (const command of [[], ["doctor"], ["history"]]) {
      for (const [at, what] of [
        [40, "the invitation's key is 10 characters long, and should be 43"],
        [-10, "the invitation's secret is 12 characters long, and should be 22"],
        [-23, "the invitation has a blank or a line break inside"],
        [27, "the invitation ends before its key: it has no #"],
      ] as const) {
        const args = [...command, whole.slice(0, at), whole.slice(at)];
        const { stderr, status } = await runCharla(args, { env: person.env });
        expect(stderr).toStartWith(`charla: ${what}\n`);
        expect(stderr).not.toContain("w7m");
        expect(status).toBe(2);
      }
    }
    const both = await runCharla([whole, whole], { env: person.env });
    expect(both.stderr).toStartWith("charla: one host can be joined, not 2\n");
  });
});

describe("the invitation is the first line of stdin", () => {
  endToEnd("charla - joins with it, and the other lines are messages", async () => {
    await using server = await startServer();
    const input = `${server.invitation}\none\ntwo\n`;
    const said = await runCharla(["-", "-q", "-n", "ben"], { input });
    expect(said).toEqual({ stdout: "", stderr: "", status: 0 });
    await server.until("stdout", "two\n");
    expect(server.stdout).toBe("ben: one\nben: two\n");
  });

  endToEnd("the whole line that a server prints does everywhere, as it was copied", async () => {
    await using server = await startServer();
    const line = `charla ${server.invitation}`;
    using file = fileWith(`${line}\n`);
    const env = { CHARLA_INVITATION: line };
    for (const [args, options] of [
      [["-"], { input: `${line}\nhello\n` }],
      [["--invitation-file", file.path], { input: "hello\n" }],
      [[], { env, input: "hello\n" }],
      [[line], { input: "hello\n" }],
      [["charla", server.invitation], { input: "hello\n" }],
      [["send", "--to", line, "hello"], {}],
      [["send", "--to", "-", "hello"], { input: line }],
    ] as const) {
      expect(await runCharla([...args, "-q"], options)).toEqual({
        stdout: "",
        stderr: "",
        status: 0,
      });
    }
    for (const words of [
      ["doctor", line],
      ["doctor", "charla", server.invitation],
    ]) {
      expect((await runCharla(words)).stdout).toContain("the server lets you in");
    }
  });

  endToEnd("a line that comes in pieces is one invitation", async () => {
    await using server = await startServer();
    await using ben = charla(["-", "-n", "ben"]);
    for (const piece of server.invitation.split(/(?=#)/)) {
      ben.type(piece);
      await Bun.sleep(0);
    }
    ben.type("\r\nhello");
    await server.until("stderr", "ben joined");
    ben.type(" Ana\n");
    await server.until("stdout", "hello Ana\n");
  });

  endToEnd("charla send --to - sends the other lines, or TEXT", async () => {
    await using server = await startServer();
    const input = `${server.invitation}\none\n`;
    expect((await runCharla(["send", "--to", "-"], { input })).status).toBe(0);
    await server.until("stdout", "one\n");
    expect((await runCharla(["send", "--to", "-", "two"], { input })).status).toBe(0);
    await server.until("stdout", "two\n");
    expect(server.stdout).not.toContain("charla://");
  });

  endToEnd("charla doctor - checks its server", async () => {
    await using server = await startServer();
    const checked = await runCharla(["doctor", "-"], { input: server.invitation });
    expect(checked.stdout).toContain("the server lets you in");
    expect(checked.status).toBe(0);
  });

  endToEnd("an empty stdin is wrong usage", async () => {
    expect(await runCharla(["-"])).toEqual({
      stdout: "",
      stderr: "charla: stdin ended, and there was no invitation in it\nhint: see charla --help\n",
      status: 2,
    });
  });

  endToEnd("another first line is refused and not quoted", async () => {
    const { stderr, status } = await runCharla(["-"], { input: "my secret\nhello\n" });
    expect(stderr).toStartWith("charla: stdin: this is not an invitation: ");
    expect(stderr).not.toContain("my secret");
    expect(status).toBe(2);
  });

  endToEnd("after a wrong first line charla ends, although stdin goes on", async () => {
    await using ben = startProcess(["-"]);
    ben.type("my secret\n");
    expect(await ben.exited).toBe(2);
  });

  endToEnd("a first line without an end is refused after 4,096 bytes", async () => {
    const { stderr, status } = await runCharla(["-"], { input: "x".repeat(5_000) });
    expect(stderr).toStartWith("charla: the first line is longer than 4,096 bytes\n");
    expect(status).toBe(2);
  });
});

describe("the invitation is in a file", () => {
  endToEnd("charla, send and doctor take it with --invitation-file", async () => {
    await using server = await startServer();
    using file = fileWith(`${server.invitation}\n`);
    const option = ["--invitation-file", file.path];
    expect((await runCharla(option, { input: "joined\n" })).status).toBe(0);
    expect((await runCharla(["send", ...option, "sent"])).status).toBe(0);
    await server.until("stdout", /joined\n.*sent\n/);
    const checked = await runCharla(["doctor", ...option]);
    expect(checked.stdout).toContain("the server lets you in");
  });

  endToEnd("the file may be a pipe, such as a password manager's", async () => {
    await using server = await startServer();
    const main = `'${process.execPath}' '${MAIN}'`;
    const script = `printf '%s\\n' "$LINE" | ${main} send --invitation-file /dev/stdin hello`;
    const env = { LINE: server.invitation };
    expect(await run(["sh", "-c", script], { env })).toMatchObject({ stderr: "", status: 0 });
    await server.until("stdout", "hello\n");
  });

  endToEnd(
    "a missing file, one that holds something else, and a second place are errors",
    async () => {
      using file = fileWith("the key is under the mat\n");
      const missing = await runCharla(["--invitation-file", "/nowhere/invitation"]);
      expect(missing).toEqual({
        stdout: "",
        stderr:
          "charla: /nowhere/invitation cannot be read: no such file or folder\n" +
          "hint: name a file whose first line is an invitation\n",
        status: 1,
      });
      const other = await runCharla(["--invitation-file", file.path]);
      expect(other.stderr).toStartWith(`charla: ${file.path}: this is not an invitation: `);
      expect(other.stderr).not.toContain("mat");
      expect(other.status).toBe(2);
      const both = await runCharla(["--invitation-file", file.path, "localhost"]);
      expect(both.stderr).toStartWith("charla: --invitation-file says where to join, and so does ");
      expect(both.status).toBe(2);
      const plain = await runCharla(["--plain", "--invitation-file", file.path]);
      expect(plain.stderr).toStartWith("charla: --invitation-file goes without --plain\n");
      expect(plain.status).toBe(2);
    },
  );
});

describe("the invitation is in the environment", () => {
  endToEnd("charla, send and doctor take it from CHARLA_INVITATION", async () => {
    await using server = await startServer();
    const env = withVariable(server);
    expect((await runCharla([], { env, input: "joined\n" })).status).toBe(0);
    expect((await runCharla(["send", "sent"], { env })).status).toBe(0);
    await server.until("stdout", /joined\n.*sent\n/);
    expect((await runCharla(["doctor"], { env })).stdout).toContain("the server lets you in");
  });

  endToEnd("what the command line says comes first", async () => {
    await using first = await startServer();
    await using second = await startServer();
    const env = withVariable(first);
    const said = await runCharla([second.invitation], { env, input: "to the second\n" });
    expect(said.status).toBe(0);
    await second.until("stdout", "to the second\n");
    expect(first.stdout).toBe("");
  });

  endToEnd("programs that charla starts do not inherit it", async () => {
    const script = `
      const { processIo } = await import("${root}/src/cli/io.ts");
      const { env } = processIo();
      const child = Bun.spawnSync(["sh", "-c", "echo [$CHARLA_INVITATION]"], { env: process.env });
      console.log(env["CHARLA_INVITATION"], child.stdout.toString());`;
    const env = { CHARLA_INVITATION: "charla://x" };
    const { stdout } = await run([process.execPath, "-e", script], { env });
    expect(stdout).toBe("charla://x []\n\n");
  });
});

endToEnd(
  "charla history takes it in each of the three ways, for the log of a joined room",
  async () => {
    await using server = await startServer();
    using ben = newPerson();
    using file = fileWith(`${server.invitation}\n`);
    const input = `${server.invitation}\nhello\n`;
    expect((await runCharla(["-", "-n", "ben"], { as: ben, input })).status).toBe(0);
    await server.until("stdout", "hello\n");
    const env = { CHARLA_INVITATION: server.invitation };
    for (const [args, options] of [
      [["-"], { input }],
      [["--invitation-file", file.path], {}],
      [[], { env }],
    ] as const) {
      const { stdout, status } = await runCharla(["history", ...args], { as: ben, ...options });
      expect(stdout).toMatch(/ {2}ben: hello\n$/);
      expect(status).toBe(0);
    }
    // With --data it is a server's folder that is asked for.
    const own = await runCharla(["history", "--data", ben.data], { as: ben, env });
    expect(own.stderr).toStartWith("charla: there is no conversation in ");
  },
);

endToEnd("an error repeats no invitation that is in the wrong place", async () => {
  const invitation = "charla://192.0.2.7/main#secret";
  for (const args of [
    ["--server", invitation],
    ["doctor", "localhost", invitation],
    ["send", invitation, "hello"],
    ["send", "charla", invitation],
    ...["id", "receive", "stop"].map((command) => [command, invitation]),
  ]) {
    const { stdout, stderr, status } = await runCharla(args);
    expect(stderr).toContain("invitation");
    expect(stdout + stderr).not.toContain("secret");
    expect(status).toBe(2);
  }
});

const onLinux = process.platform === "linux" ? endToEnd : test.skip;

onLinux("an invitation among the arguments is covered for ps and in /proc", async () => {
  await using server = await startServer();
  for (const args of [[server.invitation], ["send", "--to", server.invitation, "-v"]]) {
    await using ben = startProcess([...args, "--name", "ben"]);
    ben.type(`hello with ${args.length}\n`);
    await server.until("stdout", `hello with ${args.length}\n`);
    const seen = readFileSync(`/proc/${ben.pid}/cmdline`, "utf8");
    const listed = await run(["ps", "-o", "args=", "-ww", "-p", String(ben.pid)]);
    for (const line of [seen, listed.stdout]) {
      expect(line).toMatch(/charla:\/\/\*+[\s\0]/);
      // Neither where the server is, nor its key, nor the secret.
      expect(line).not.toMatch(/127\.0\.0\.1|#|main\*/);
      expect(line).toContain("ben");
    }
    ben.endInput();
    expect(await ben.exited).toBe(0);
  }
});

onLinux("a password among the arguments is covered as well", async () => {
  // `get` waits for its answer, for as long as its arguments are looked at.
  await using silent = await openRawServer(() => {});
  const host = `127.0.0.1:${silent.port}`;
  const cases = [
    ["serve", "--port", "0", "--auth", "ana:pa:ss"],
    ["serve", "--port", "0", "--auth=ana:pa:ss"],
    ["get", "-u", "ana:pa:ss", host],
    ["get", "-uana:pa:ss", host],
    ["get", "--user=ana:pa:ss", host],
    ["get", "-qu", "ana:pa:ss", host],
    ["get", "-quana:pa:ss", host],
    ["get", `http://ana:pa:ss@${host}/a@b`],
    ["get", `ana:pa:ss@${host}`],
    ["get", `ana:pa@ss@${host}`],
    ["get", `http://ana=1:pa:ss@${host}`],
    ["get", "-H", "Authorization: Bearer pa:ss", host],
    ["get", "-HCookie:id=pa:ss", host],
    ["get", "-qH", "Authorization: Bearer pa:ss", host],
    ["get", "-H", "Proxy-Authorization: Bearer pa:ss", host],
    ["get", "--header", "X-Api-Key:id=pa:ss", host],
    ["get", host, "X-Api-Key:id=pa:ss"],
    ["get", "-qU", "ana:pa:ss", host],
    ["get", "--proxy-user=ana:pa:ss", host],
    ["get", "-x", `http://ana:pa:ss@${host}`, "http://a.example"],
    ["get", "-b", "session=pa:ss", host],
  ];
  await Promise.all(
    cases.map(async (args) => {
      await using program = startProcess(args);
      const path = `/proc/${program.pid}/cmdline`;
      const seen = () => readFileSync(path, "utf8").split("\0").slice(CHARLA.length).join(" ");
      await until("the cover", () => seen().includes("*****"));
      const covered = args.join(" ").replace(/pa:ss|pa@ss|Bearer pa:ss|id=pa:ss/, "*****");
      expect(seen().replace(/\*+/, "*****").trim()).toBe(covered.replace(": *", ":*"));
    }),
  );
});

const onTerminal = (title: string, body: () => Promise<void>) => testWith(["tmux"], title, body);

onTerminal("on a terminal charla - asks for the invitation, and does not show it", async () => {
  await using server = await startServer();
  await using ben = await openScreen(140);
  ben.type("clear; charla - -n ben; echo status=$?");
  ben.press("Enter");
  const question = "invitation (it is not shown):";
  await ben.until("the question", (rows) => rows.at(-1) === question);
  ben.type(`wrong`);
  ben.press("C-u");
  ben.type(`${server.invitation}xy`);
  ben.press("BSpace", "BSpace", "Enter");
  await ben.until("the prompt", (rows) => typedRow(rows) === ">");
  expect((await ben.rows()).join("\n")).not.toContain("charla://");
  ben.type("hello");
  ben.press("Enter");
  await server.until("stdout", "hello\n");
  ben.type("/quit");
  ben.press("Enter");
  await ben.until("the status", (rows) => rows.includes("status=0"));
  expect(await ben.settings()).toMatch(/(?<!-)icanon/);
});

onTerminal(
  "an invitation that was copied as several rows shows none of them to charla - either",
  async () => {
    await using server = await startServer();
    await using ben = await openScreen(80);
    ben.type("clear; charla - -n ben");
    ben.press("Enter");
    const question = "invitation (it is not shown):";
    await ben.until("the question", (rows) => rows.at(-1) === question);
    const line = `charla ${server.invitation}`;
    ben.type(line.slice(0, 80));
    ben.press("Enter");
    await ben.until("the next question", (rows) => rows.at(-1)?.startsWith("the rest of") === true);
    ben.type(line.slice(80));
    ben.press("Enter");
    await ben.until("the prompt", (rows) => typedRow(rows) === ">");
    expect((await ben.rows()).join("\n")).not.toContain(line.slice(80));
  },
);

onTerminal("what /search says to type in a shell works there, for a guest too", async () => {
  await using server = await startServer();
  const input = Array.from({ length: 30 }, (_, index) => `lunch ${index}\n`).join("");
  expect((await runCharla([server.invitation, "-n", "eva"], { input })).status).toBe(0);
  await using ben = await openScreen(120);
  ben.type(`charla --history 100 -n ben ${server.invitation}`);
  ben.press("Enter");
  await ben.until("the room", (rows) => / ok(?: |$)/.test(rows.at(-1) ?? ""));
  ben.type("/search lunch");
  ben.press("Enter");
  await ben.until("the next page", (shown) => / more rows: Enter/.test(shown.join("\n")));
  ben.press("Enter");
  const command = /charla history (\S+) --search WORDS/;
  const rows = await ben.until("the command", (shown) => command.test(shown.join("\n")));
  const [found = ""] = command.exec(rows.join("\n")) ?? [];
  ben.type("/quit");
  ben.press("Enter");
  await ben.until("the end", (shown) => shown.at(-1) === "$");
  ben.type(`clear; ${found.replace("WORDS", "lunch")} | wc -l`);
  ben.press("Enter");
  await ben.until("all of them", (shown) => shown.includes("30"));
});

onTerminal("Ctrl-C and Ctrl-D instead of an invitation end charla -", async () => {
  await using ben = await openScreen(100);
  for (const [key, status] of [
    ["C-c", 130],
    ["C-d", 2],
  ] as const) {
    ben.type("clear; charla -; echo status=$?");
    ben.press("Enter");
    await ben.until("the question", (rows) => rows.at(-1)?.startsWith("invitation (") === true);
    ben.press(key);
    await ben.until("the status", (rows) => rows.includes(`status=${status}`));
    expect(await ben.settings()).toMatch(/(?<!-)echo\b/);
  }
});
