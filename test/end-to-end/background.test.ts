// A server that goes on without its owner's terminal: `charla --server --background` returns when it listens or fails,
// a bare `charla` joins it as the owner, and `charla stop` ends it. What it prints holds no secret.

import { expect, spyOn } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { recordServer, thisServer } from "../../src/cli/running-server.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { ownIdentity } from "../../src/identity/private-files.ts";
import { runCharla } from "../harness/in-process.ts";
import { endToEnd, testWith } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import {
  charla as startProcess,
  MAIN,
  type Program,
  runCharla as runProcess,
  start,
  type Transcript,
} from "../harness/program.ts";
import { openScreen } from "../harness/screen.ts";
import { portOf, startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";

/** The process that a data folder's record names; null without a record. */
function recordedPid(folder: string): number | null {
  const path = join(folder, "server");
  return existsSync(path) ? Number(JSON.parse(readFileSync(path, "utf8")).pid) : null;
}

/** A process that has ended may still be listed, as a zombie, until the system asks for its status. */
function isAlive(pid: number): boolean {
  const { stdout } = Bun.spawnSync(["ps", "-o", "stat=", "-p", String(pid)]);
  const state = stdout.toString().trim();
  return state !== "" && !state.startsWith("Z");
}

interface Background extends Transcript, Disposable {
  readonly invitation: string;
  /** Of the invitation. */
  readonly port: string;
  readonly pid: number;
}

/** Starts Ana's server; it is killed at the end of the scope if it still runs. */
async function startInBackground(ana: Person, ...args: string[]): Promise<Background> {
  const given = ["--server", "--background", "--bind", "127.0.0.1", "--port", "0", ...args];
  const started = await runProcess(given, { as: ana });
  const [invitation = ""] = /charla:\/\/\S+/.exec(started.stderr + started.stdout) ?? [];
  const data = args.includes("--data") ? (args[args.indexOf("--data") + 1] ?? "") : ana.data;
  const pid = recordedPid(data) ?? 0;
  return {
    ...started,
    invitation: invitation.replace(/".*$/, ""),
    port: portOf(invitation),
    pid,
    [Symbol.dispose]() {
      if (pid > 0 && isAlive(pid)) process.kill(pid, "SIGKILL");
    },
  };
}

/** Ben, who has joined by the invitation, in a process of his own. */
async function joinAsBen(invitation: string): Promise<Program> {
  await using stack = new AsyncDisposableStack();
  const ben = stack.use(startProcess([invitation, "--name", "ben"]));
  await ben.until("stderr", "you are ben in main");
  stack.move();
  return ben;
}

/** Ana says one line in her server, whichever charla finds. */
function say(ana: Person, text: string): Promise<Transcript> {
  return runCharla(["-q"], { as: ana, input: `${text}\n` });
}

/** Ana's `charla stop`; returns its exit status. */
async function stop(ana: Person): Promise<number> {
  const { status } = await runCharla(["stop"], { as: ana });
  return status;
}

endToEnd("charla --server --background returns when the server listens", async () => {
  using ana = newPerson();
  using server = await startInBackground(ana);
  const { port } = server;
  expect(server).toMatchObject({
    stdout: "",
    stderr:
      `the invitation is in ${ana.data}/invitation-for-others\n` +
      `listening on 127.0.0.1:${port}\n` +
      `invite with: charla ${server.invitation}\n` +
      `in a browser: ${server.invitation.replace(/^charla:/, "http:")}\n` +
      `the server goes on in the background; its log is ${ana.data}/server.log\n` +
      "hint: charla joins it, and charla stop ends it\n",
    status: 0,
  });
  expect(isAlive(server.pid)).toBe(true);

  // A guest with the invitation, and the owner without one.
  await using ben = await joinAsBen(server.invitation);
  const owner = await runCharla(["--json", "--name", "ana"], { as: ana, input: "I am back\n" });
  expect(owner.stdout).toMatch(/"type":"entered","room":"main","name":"ana","owner":true/);
  await ben.until("stdout", "I am back\n");

  const stopped = await runCharla(["stop"], { as: ana });
  expect(stopped).toEqual({
    stdout: "",
    stderr: `the server at 127.0.0.1:${port} has ended\n`,
    status: 0,
  });
  expect(isAlive(server.pid)).toBe(false);
  for (const file of ["server", "invitation", "invitation-for-others"]) {
    expect(existsSync(join(ana.data, file))).toBe(false);
  }
});

endToEnd(
  "members wait for a server that is stopped, and come back when it is started again",
  async () => {
    using ana = newPerson();
    const port = ["--port", `${await reservePort()}`];
    using first = await startInBackground(ana, ...port);
    await using ben = await joinAsBen(first.invitation);
    expect(await stop(ana)).toBe(0);
    ben.type("said meanwhile\n");
    using second = await startInBackground(ana, ...port);
    expect(second.invitation).toBe(first.invitation);
    await ben.until("stderr", "reconnected to the server");
    const owner = await runCharla(["--history", "1", "-q"], { as: ana, input: "welcome back\n" });
    expect(owner.status).toBe(0);
    await ben.until("stdout", "welcome back\n");
    ben.endInput();
    expect(await ben.exited).toBe(0);
    const history = await runCharla(["history"], { as: ana });
    expect(history.stdout).toMatch(/ben: said meanwhile\n/);
  },
);

endToEnd("its log is for the owner, has a time on each line and holds no secret", async () => {
  using ana = newPerson();
  using server = await startInBackground(ana);
  const path = join(ana.data, "server.log");
  const log = readFileSync(path, "utf8");
  expect(log).toMatch(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [^\n]+\n){2}$/);
  expect(log).toContain("the invitation is in ");
  expect(log).not.toContain("charla://");
  const shared = join(ana.data, "invitation-for-others");
  expect(readFileSync(shared, "utf8")).toBe(`${server.invitation}\n`);
  for (const file of [path, shared]) expect(statSync(file).mode & 0o777).toBe(0o600);
});

endToEnd("with --json it reports the same as events", async () => {
  using ana = newPerson();
  using server = await startInBackground(ana, "--json", "--open", "--ephemeral");
  const events = server.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.map(({ type, code }) => code ?? type)).toEqual([
    "OPEN",
    "listening",
    "invitation",
    "IN_BACKGROUND",
  ]);
  expect(server.stderr).toBe("");
  const stopped = await runCharla(["stop", "--json"], { as: ana });
  expect(JSON.parse(stopped.stdout)).toMatchObject({ type: "notice", code: "STOPPED" });
});

endToEnd("an error of the server is the command's error and exit status", async () => {
  using ana = newPerson();
  using ben = newPerson();
  await using taken = await startSealedServer(["--bind", "127.0.0.1"], { as: ben });
  const inUse = await startInBackground(ana, "--port", taken.port);
  expect(inUse.stderr).toStartWith(
    `charla: 127.0.0.1:${taken.port} is in use by another program\nhint: `,
  );
  expect({ status: inUse.status, pid: inUse.pid }).toEqual({ status: 1, pid: 0 });
  const wrong = await startInBackground(ana, "--name", "a\tb", "--json");
  expect(JSON.parse(wrong.stdout)).toMatchObject({ type: "error", code: "USAGE" });
  expect(wrong.status).toBe(2);
  const nowhere = await startInBackground(ana, "--data", "/dev/null/charla");
  expect(nowhere.stderr).toStartWith("charla: cannot write to /dev/null/charla: ");
  expect(nowhere.status).toBe(1);
});

endToEnd("a second start says that the first one runs, and what to do", async () => {
  using ana = newPerson();
  using first = await startInBackground(ana);
  const { port } = first;
  const running =
    `charla: your server at 127.0.0.1:${port} is running already\n` +
    "hint: charla joins it, and charla stop ends it; another one needs a --port of its own, and a folder with --data, or --ephemeral\n";
  const second = await startInBackground(ana);
  expect(second.stderr).toBe(running);
  expect(second.status).toBe(1);
  const foreground = await runCharla(["--server", "--port", "0"], { as: ana });
  expect(foreground).toEqual({ stdout: "", stderr: running, status: 1 });
  const args = ["--server", "--ephemeral", "--bind", "127.0.0.1", "--port", port];
  const samePort = await runCharla(args, { as: ana });
  expect(samePort).toEqual({ stdout: "", stderr: running, status: 1 });
  // One that stores nothing is not in the way.
  using ephemeral = await startInBackground(ana, "--ephemeral");
  expect(ephemeral.status).toBe(0);
  const third = await runCharla(["--server", "--port", "0"], { as: ana });
  expect(third).toEqual({ stdout: "", stderr: running, status: 1 });
  expect(isAlive(first.pid)).toBe(true);
});

endToEnd("charla stop --data ends the server of that folder, and no other", async () => {
  using ana = newPerson();
  const folder = join(ana.data, "another");
  using first = await startInBackground(ana);
  using second = await startInBackground(ana, "--data", folder);
  expect(first.invitation).not.toBe(second.invitation);
  expect((await runCharla(["stop", "--data", folder], { as: ana })).status).toBe(0);
  expect([first, second].map(({ pid }) => isAlive(pid))).toEqual([true, false]);
});

endToEnd(
  "when a later server ends, charla joins the earlier one again, and stop ends it",
  async () => {
    using ana = newPerson();
    using first = await startInBackground(ana);
    using second = await startInBackground(ana, "--ephemeral");
    using third = await startInBackground(ana, "--ephemeral");
    await using ben = await joinAsBen(first.invitation);
    // The one in the middle ends first, and is not put back by the last.
    process.kill(second.pid, "SIGTERM");
    await until("the end of the second", () => !isAlive(second.pid));
    expect(await stop(ana)).toBe(0);
    expect([first, second, third].map(({ pid }) => isAlive(pid))).toEqual([true, false, false]);
    const said = await say(ana, "back at the first");
    expect(said).toMatchObject({ stderr: "", status: 0 });
    await ben.until("stdout", "back at the first\n");
    expect(await stop(ana)).toBe(0);
    expect(isAlive(first.pid)).toBe(false);
  },
);

endToEnd(
  "a server whose invitation is renewed is found, and leaves no record of itself",
  async () => {
    using ana = newPerson();
    using first = await startInBackground(ana);
    using second = await startInBackground(ana, "--ephemeral");
    const identity = ownIdentity(ana.env).keyPair;
    const owner = joinRoom(first.invitation, { name: "ana", identity });
    for await (const event of owner.events) if (event.type === "entered") break;
    const renewed = await owner.invite({ renew: true });
    await owner.leave();
    expect(renewed).not.toBe(first.invitation);
    expect(readFileSync(join(ana.data, "invitation-for-others"), "utf8")).toBe(`${renewed}\n`);
    const said = await say(ana, "with the new one");
    expect(said).toMatchObject({ stderr: "", status: 0 });
    for (const running of [[second.pid], []]) {
      expect(await stop(ana)).toBe(0);
      const alive = [first, second].map(({ pid }) => pid).filter(isAlive);
      expect(alive).toEqual(running);
    }
    expect((await runCharla(["stop"], { as: ana })).stderr).toStartWith("charla: no server of ");
  },
);

endToEnd("charla stop without a server is an error with a hint", async () => {
  using ana = newPerson();
  expect(await runCharla(["stop"], { as: ana })).toEqual({
    stdout: "",
    stderr:
      `charla: no server of ${ana.data} runs on this machine\n` +
      "hint: charla --server --background starts one; --data DIR names the folder of another\n",
    status: 1,
  });
  const wrong = await runCharla(["stop", "now"], { as: ana });
  expect(wrong.status).toBe(2);
});

endToEnd("a server that was killed is recognised, and a new one takes its place", async () => {
  using ana = newPerson();
  using killed = await startInBackground(ana);
  process.kill(killed.pid, "SIGKILL");
  await until("the end of the server", () => !isAlive(killed.pid));
  const stopped = await runCharla(["stop"], { as: ana });
  expect(stopped.stderr).toStartWith(
    `charla: the server of ${ana.data} does not run any more: it was killed\nhint: `,
  );
  expect(stopped.status).toBe(1);
  using next = await startInBackground(ana);
  expect(next.status).toBe(0);
  expect(await stop(ana)).toBe(0);
});

endToEnd(
  "when a later server is killed, charla joins the earlier one, and stop ends it",
  async () => {
    using ana = newPerson();
    using first = await startInBackground(ana);
    using second = await startInBackground(ana, "--ephemeral");
    process.kill(second.pid, "SIGKILL");
    await until("the end of the second", () => !isAlive(second.pid));
    await using ben = await joinAsBen(first.invitation);
    const said = await say(ana, "at the first");
    expect(said).toMatchObject({ stderr: "", status: 0 });
    await ben.until("stdout", "at the first\n");
    expect(await stop(ana)).toBe(0);
    expect(isAlive(first.pid)).toBe(false);
  },
);

endToEnd("another program that has the number of a killed server is left alone", async () => {
  using ana = newPerson();
  using killed = await startInBackground(ana);
  process.kill(killed.pid, "SIGKILL");
  await using other = start(["sleep", "60"]);
  const path = join(ana.data, "server");
  const record = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...record, pid: other.pid }));
  const stopped = await runCharla(["stop"], { as: ana });
  expect(stopped.stderr).toContain("it was killed");
  expect(stopped.status).toBe(1);
  expect(isAlive(other.pid)).toBe(true);
});

endToEnd("charla stop waits until the server has ended, also one at a terminal", async () => {
  using ana = newPerson();
  await using server = startProcess(["--server", "--port", "0", "--bind", "127.0.0.1"], {
    as: ana,
  });
  await server.until("stderr", "you are ");
  expect(await stop(ana)).toBe(0);
  expect(await server.exited).toBe(0);
  expect(server.stderr).toContain(
    "the server was asked to end, with charla stop or another SIGTERM\nyou left\n",
  );
});

endToEnd("a service prints no secret, and says in which file the invitation is", async () => {
  using ana = newPerson();
  const named = join(ana.data, "..", "for-ben");
  for (const [option, file] of [
    ["", join(ana.data, "invitation-for-others")],
    [`--invitation-file ${named}`, named],
    [`--json --ephemeral --invitation-file ${named}`, named],
  ] as const) {
    const main = `'${process.execPath}' '${MAIN}'`;
    const command = `exec ${main} --server --port 0 --bind 127.0.0.1 ${option} </dev/null`;
    await using server = start(["sh", "-c", command], { as: ana });
    await server.until(option.includes("--json") ? "stdout" : "stderr", "listening");
    const invitation = readFileSync(file, "utf8");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const said = await runCharla(["-", "-q"], { input: `${invitation}hello\n` });
    expect(said).toMatchObject({ stderr: "", status: 0 });
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
    const printed = server.stdout + server.stderr;
    expect(printed).toContain(`the invitation is in ${file}`);
    expect(printed).not.toContain("charla://");
    expect(existsSync(file)).toBe(false);
  }
});

const onTerminal = (title: string, body: () => Promise<void>) => testWith(["tmux"], title, body);

onTerminal("the server goes on when the terminal closes that it was started on", async () => {
  using ana = newPerson();
  {
    await using screen = await openScreen(140, 20, { as: ana });
    screen.type("charla --server --background --port 0 --bind 127.0.0.1; echo status=$?");
    screen.press("Enter");
    await screen.until("the status", (rows) => rows.includes("status=0"));
  }
  const pid = recordedPid(ana.data) ?? 0;
  expect(isAlive(pid)).toBe(true);
  const said = await say(ana, "still here");
  expect(said).toEqual({ stdout: "", stderr: "", status: 0 });
  expect(await stop(ana)).toBe(0);
  expect(isAlive(pid)).toBe(false);
});

endToEnd("options of a conversation that contradict --background are wrong usage", async () => {
  for (const [args, message] of [
    [["--background"], "--background goes with --server"],
    [["--server", "--plain", "--background"], "--background goes without --plain"],
  ] as const) {
    const { stderr, status } = await runCharla(args);
    expect(stderr).toStartWith(`charla: ${message}\n`);
    expect(status).toBe(2);
  }
});

endToEnd("charla stop reports a server of another user, which it may not end", async () => {
  using ana = newPerson();
  const about = { address: "[::]:9", data: ana.data, invitation: "" };
  using _record = recordServer(ana.data, thisServer(about), []);
  using _kill = spyOn(process, "kill").mockImplementation(() => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  const { status, stderr } = await runCharla(["stop"], { as: ana });
  expect([status, stderr]).toEqual([
    1,
    `charla: the server is another user's: this one may not end its process ${process.pid}\n` +
      "hint: run charla stop as that user, or as root\n",
  ]);
});
