// What --help and --version print, and that npm start is charla.

import { expect, test } from "bun:test";

import manifest from "../../package.json" with { type: "json" };
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { run, runCharla, start } from "../harness/program.ts";

test("charla --help says what charla does", async () => {
  const { stdout, stderr, status } = await runCharla(["--help"]);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(stdout).toMatchInlineSnapshot(`
    "Talk over the network from a terminal.

    charla --server             open a conversation; prints an invitation to join it
    charla INVITATION           join it
    charla [HOST[:PORT]]        join an open one (default: mine, or localhost:12345)
    charla send [TEXT]          send one message, or each line of stdin, and leave
    charla receive              wait for one message, print it and leave
    charla id                   who I am: name, fingerprint

      -p, --port N         with --server: listen on port N (12345; 0: any free one)
      -b, --bind ADDRESS   with --server: listen on this address only
          --open           with --server: let anyone in, without an invitation
          --plain          the lesson's wire, not encrypted: bare UTF-8 datagrams
          --turns          with --plain: take strict turns; who joins speaks first
          --stay           at the end of stdin stay and listen
          --json           every event as one JSON object a line on stdout
      -q, --quiet          only what the other end says, and errors
      -v, --verbose        every detail
      -h, --help           this, or after a command, its own help
          --version        charla's version

    Say bye to end a conversation. What the other end says is on stdout, the rest on
    stderr.
    "
  `);
});

test("charla send --help says what send does", async () => {
  const { stdout } = await runCharla(["send", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Send one message and leave.

    charla send [--to HOST[:PORT] | --to INVITATION] [TEXT]

    Without TEXT, each line of stdin is a message. An invitation's conversation is
    encrypted, and the message is known to have arrived; a host gets it in plain.

          --to WHERE         where to (default localhost:12345)
          --reply            wait for an answer to each message and print it
          --json             every event as one JSON object a line on stdout
      -q, --quiet            only answers and errors
      -v, --verbose          say what was sent
      -h, --help             this
    "
  `);
});

test("charla receive --help says what receive does", async () => {
  const { stdout } = await runCharla(["receive", "-h"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Wait for one message, print it and leave.

    charla receive [-p PORT] [-b ADDRESS]

    The message comes in plain: anyone on the network can read it.

      -p, --port N         listen on port N (default 12345; 0: any free one)
      -b, --bind ADDRESS   listen on this address only
          --reply[=TEXT]   answer with TEXT, or with a line of stdin
          --json           every event as one JSON object a line on stdout
      -q, --quiet          only the message and errors
      -v, --verbose        say what was answered
      -h, --help           this
    "
  `);
});

test("charla id --help says what id does", async () => {
  const { stdout } = await runCharla(["id", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Say who I am: my name, and the fingerprint of my key.

    charla id

    Others see the same fingerprint: it tells them that you are you. The key is
    made on first use, and stays in the config folder, ~/.config/charla.

          --json           one JSON object, with the public key as well
      -q, --quiet          do not say that a key was made
      -v, --verbose        say where the key is
      -h, --help           this
    "
  `);
});

test("every help fits a screen of 80 columns and 24 rows, the prompt's row included", async () => {
  for (const args of [["--help"], ["send", "--help"], ["receive", "--help"], ["id", "--help"]]) {
    const lines = (await runCharla(args)).stdout.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(23);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  }
});

test("charla --version prints its name and version", async () => {
  expect(await runCharla(["--version"])).toEqual({
    stdout: `charla ${manifest.version}\n`,
    stderr: "",
    status: 0,
  });
});

test(
  "npm start -- ARGS is charla ARGS",
  async () => {
    const { stdout, status } = await run(["npm", "start", "--silent", "--", "--version"]);
    expect({ stdout, status }).toEqual({ stdout: `charla ${manifest.version}\n`, status: 0 });
    const wrong = await run(["npm", "start", "--silent", "--", "--nonsense"]);
    expect(wrong.stderr).toContain("charla: there is no option --nonsense\n");
    expect(wrong.status).toBe(2);
  },
  END_TO_END_TIMEOUT,
);

test(
  "npm start without arguments opens a conversation, and SIGTERM to npm's child ends it",
  async () => {
    await using npm = start(["node", "scripts/start.mjs"]);
    // Another conversation may be open on this machine's port 12345; then that is what it says.
    await npm.until("stderr", /listening on \[::\]:12345|port 12345 is in use/);
    npm.signal("SIGTERM");
    expect([0, 1]).toContain(await npm.exited);
  },
  END_TO_END_TIMEOUT,
);
