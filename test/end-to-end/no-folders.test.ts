// Without a folder that charla can write to, one can still join, send and serve --ephemeral, as somebody new, and is
// told so once.

import { describe, expect } from "bun:test";
import { chmodSync, chownSync, readdirSync } from "node:fs";

import { charla, runCharla } from "../harness/in-process.ts";
import { endToEnd, testWith } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { MAIN, run, runCharla as runProcess } from "../harness/program.ts";
import { openScreen, withoutTimes } from "../harness/screen.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { testOnDisk } from "../log/own-disk.ts";

const SOMEBODY_NEW = "; you are somebody new, and nothing is kept for the next time\n";
const HINT =
  "hint: make it a writable folder, or set XDG_CONFIG_HOME and XDG_DATA_HOME to other folders\n";
/** A file where a folder should be, for root cannot be denied a folder by its mode. */
const NO_CONFIG = { XDG_CONFIG_HOME: "/dev/null" };
const NO_FOLDERS = { ...NO_CONFIG, XDG_DATA_HOME: "/dev/null" };
const NOTICE = `cannot write to /dev/null/charla: there is a file where a folder should be${SOMEBODY_NEW}${HINT}`;

for (const [which, env] of [
  ["config folder", NO_CONFIG],
  ["config folder and no data folder", NO_FOLDERS],
] as const) {
  describe(`without a writable ${which}`, () => {
    endToEnd("one joins as somebody new, and one notice says so", async () => {
      await using server = await startSealedServer(["--bind", "127.0.0.1"]);
      // Somebody new each time: the name belongs to the first.
      for (const name of ["ben", "ben-2"]) {
        const args = ["--name", "ben", server.invitation];
        const { stderr, status } = await runCharla(args, { env, input: "hello\n" });
        expect(stderr).toStartWith(`${NOTICE}you are ${name} in main`);
        expect(stderr.split("cannot write to")).toHaveLength(2);
        expect(status).toBe(0);
      }
      await server.until("stdout", "ben: hello\nben-2: hello\n");
    });

    endToEnd("one sends as somebody new, and one notice says so", async () => {
      await using server = await startSealedServer(["--bind", "127.0.0.1"]);
      const sent = await runCharla(["send", "--to", server.invitation, "hello"], { env });
      expect(sent).toEqual({ stdout: "", stderr: NOTICE, status: 0 });
      await server.until("stdout", "hello\n");
    });

    endToEnd("one serves --ephemeral as somebody new, and one notice says so", async () => {
      await using server = await startSealedServer(["--ephemeral", "--bind", "127.0.0.1"], { env });
      await server.until("stderr", "you are ana in main");
      expect(server.stderr.split("cannot write to")).toHaveLength(2);
      expect(server.stderr).toContain(NOTICE);
      const said = await runCharla([server.invitation, "-q"], { input: "hello\n" });
      expect(said).toEqual({ stdout: "", stderr: "", status: 0 });
      await server.until("stdout", "hello\n");
    });
  });
}

endToEnd("a server met without a config folder still shows its fingerprint", async () => {
  await using server = await startSealedServer(["--open", "--bind", "127.0.0.1"]);
  const where = `127.0.0.1:${server.port}`;
  const { stderr, status } = await runCharla([where], { env: NO_FOLDERS, input: "hello\n" });
  expect(status).toBe(0);
  expect(stderr).toStartWith(NOTICE);
  expect(stderr).toMatch(/\nmet this server for the first time; its fingerprint is SHA256:/);
  expect(stderr.split("cannot write to")).toHaveLength(2);
});

endToEnd("a writable config folder and no data folder: the person is who they were", async () => {
  using ben = newPerson();
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  const env = { XDG_DATA_HOME: "/dev/null" };
  for (const _time of ["first", "second"]) {
    const args = ["--name", "ben", server.invitation];
    const said = await runCharla(args, { as: ben, env, input: "hello\n" });
    expect(said.status).toBe(0);
    expect(said.stderr).toContain("you are ben in main");
    expect(said.stderr).not.toContain("somebody new");
    expect(said.stderr.split("cannot write to")).toHaveLength(2);
  }
});

endToEnd("a user whose home folder is a file joins all the same", async () => {
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  const env = { HOME: "/dev/null", XDG_CONFIG_HOME: "", XDG_DATA_HOME: "" };
  const said = await runProcess([server.invitation, "--name", "ben"], { env, input: "hello\n" });
  expect(said.status).toBe(0);
  expect(said.stderr).toStartWith(
    `cannot write to /dev/null/.config/charla: there is a file where a folder should be${SOMEBODY_NEW}${HINT}you are ben in main`,
  );
  await server.until("stdout", "hello\n");
});

endToEnd("doctor checks the path to a server without a config folder", async () => {
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  const checked = await runCharla(["doctor", server.invitation], { env: NO_FOLDERS });
  expect(checked.stdout).toContain("the server lets you in");
  expect(checked.status).toBe(0);
});

endToEnd(
  "a server that stores messages needs its key, and the hint names the way out",
  async () => {
    using ana = newPerson();
    const args = ["--server", "--port", "0"];
    const server = await runCharla(args, { as: ana, env: NO_CONFIG });
    expect(server).toEqual({
      stdout: "",
      stderr:
        "charla: cannot write to /dev/null/charla: there is a file where a folder should be\n" +
        `${HINT.trimEnd()}; or keep nothing with --ephemeral\n`,
      status: 1,
    });
    expect(readdirSync(ana.data.slice(0, -"/data/charla".length))).toEqual([]);
  },
);

endToEnd("a key that others can read is still refused", async () => {
  using ben = newPerson();
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  await runCharla(["id"], { as: ben });
  await run(["chmod", "644", `${ben.config}/identity`]);
  const said = await runCharla([server.invitation], { as: ben, input: "hello\n" });
  expect(said.stderr).toContain("is open to other users (mode 644)");
  expect(said.status).toBe(1);
});

/** root may read everything, until it has no capabilities. */
const isRoot = process.geteuid?.() === 0;
const asOthers = isRoot ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
const NOBODY = 65_534;

testWith(
  isRoot ? ["setpriv"] : ["sh"],
  "one joins and sends as somebody new when the folders belong to somebody else",
  async () => {
    using ana = newPerson();
    // Ana's own key and her known servers are in there.
    await runCharla(["id"], { as: ana });
    if (isRoot) chownSync(ana.config, NOBODY, NOBODY);
    else chmodSync(ana.config, 0);
    await using server = await startSealedServer(["--bind", "127.0.0.1"]);
    const main = [process.execPath, MAIN];
    for (const args of [
      ["--name", "ben"],
      ["send", "--name", "ben"],
    ]) {
      const env = { ...ana.env, CHARLA_INVITATION: server.invitation };
      const said = await run([...asOthers, ...main, ...args], { env, input: "hello\n" });
      expect(said.stderr).toMatch(/^[^\n]+: permission denied; you are somebody new[^\n]+\nhint: /);
      expect(said.stderr.split("permission denied")).toHaveLength(2);
      expect(said.status).toBe(0);
    }
    await server.until("stdout", "ben: hello\nben-2: hello\n");
    chmodSync(ana.config, 0o700);
  },
);

for (const [what, mount] of [
  ["full", "mount -t tmpfs -o size=4k tmpfs /mnt && head -c 4096 /dev/zero >/mnt/full"],
  ["read-only", "mount -t tmpfs -o ro tmpfs /mnt"],
] as const) {
  testOnDisk(`one joins as somebody new when the disk is ${what}`, async () => {
    await using server = await startSealedServer(["--bind", "127.0.0.1"]);
    const join = `${process.execPath} ${MAIN} --name ben "${server.invitation}"`;
    const env = { XDG_CONFIG_HOME: "/mnt/config", XDG_DATA_HOME: "/mnt/data" };
    const script = `${mount}\necho hello | ${join}`;
    const said = await run(["unshare", "-rm", "sh", "-ec", script], { env });
    expect(said.stderr).toMatch(
      /^cannot write to [^\n]+ is (full|read-only); you are somebody new/,
    );
    expect(said.stderr.split("cannot write to")).toHaveLength(2);
    expect(said.status).toBe(0);
    await server.until("stdout", "hello\n");
  });
}

const hasEntered = (room: string) => (rows: string[]) =>
  withoutTimes(rows).some((row) => row.startsWith(`-- ##:## you are ben in ${room}`));

testWith(
  ["tmux"],
  "one notice says that nothing is kept, however many rooms are entered",
  async () => {
    await using server = await startSealedServer(["--bind", "127.0.0.1"]);
    await using ben = await openScreen(140);
    const enter = (line: string) => {
      ben.type(line);
      ben.press("Enter");
    };
    enter(`clear; XDG_DATA_HOME=/dev/null charla -n ben '${server.invitation}'`);
    await ben.until("the room", hasEntered("main"));
    enter("/join other");
    const rows = await ben.until("the other room", hasEntered("other"));
    expect(
      withoutTimes(rows).filter((row) => row.startsWith("-- ##:## cannot write to ")),
    ).toHaveLength(1);
  },
);

endToEnd(
  "in a folder that was deleted meanwhile everything works but what is to be in it",
  async () => {
    using ben = newPerson();
    const inDeleted = (...args: string[]) => {
      const script = 'd=$(mktemp -d); cd "$d"; rmdir "$d"; exec "$@"';
      // The runtime itself refuses to start an executable file there (docs/platforms.md).
      const program = [process.execPath, MAIN, ...args];
      return run(["sh", "-c", script, "sh", ...program], { as: ben });
    };
    const [id, config, serve] = await Promise.all([
      inDeleted("id"),
      inDeleted("config"),
      inDeleted("serve"),
    ]);
    expect([id.status, config.status]).toEqual([0, 0]);
    expect(serve).toEqual({
      stdout: "",
      stderr:
        "charla: the folder that you are in was deleted\n" +
        "hint: change to one that exists, as with cd, and try again\n",
      status: 1,
    });
  },
);

endToEnd("somebody new talks on a conversation that goes on", async () => {
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  await using cy = charla([server.invitation, "--name", "cy"], { env: NO_FOLDERS });
  await cy.until("stderr", "you are cy");
  server.type("welcome\n");
  await cy.until("stdout", "welcome\n");
});
