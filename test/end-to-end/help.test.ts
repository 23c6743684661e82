// What --help and --version print, and that npm start runs charla.

import { expect, test } from "bun:test";

import manifest from "../../package.json" with { type: "json" };
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { holdLessonPort } from "../harness/ports.ts";
import { run, runCharla as runProcess, start } from "../harness/program.ts";

test("charla --help describes charla", async () => {
  const { stdout, stderr, status } = await runCharla(["--help"]);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(stdout).toMatchInlineSnapshot(`
    "Talk over the network from a terminal.

    charla --server             open a conversation; prints an invitation to join it
    charla INVITATION           join it; charla - or --invitation-file FILE reads it
    charla [HOST[:PORT]]        join an open one (default: mine, or one on this LAN)
    charla send [TEXT]          send one message; charla receive: wait for one
    charla history [ROOM]       show its messages; HOST/ROOM: one that I have joined
    charla doctor [WHERE]       check this machine, or the path to a server
    charla serve [DIR]          share a folder over HTTP; charla get URL: fetch one
    charla relay                forward encrypted datagrams for servers behind a NAT
    charla stop                 end my server; charla id: my name and fingerprint
    charla config               my settings; charla completion SHELL: Tab completes

      -n, --name NAME, -r, --room ROOM   name (last /name or login); room (main)
          --plain, --turns  plain UDP like ncat -u, not encrypted; speak in turns
          --stay, --bell    stay after the end of stdin; ring when I am named
          --history N       show last N, or all I missed if more (20; text pipe: 0)
          --no-log, --no-line-history   keep only unsent messages; no lines I type
          --no-color, --no-notify   no colours or styles; no desktop notifications
          --json, -q, --quiet, -v, --verbose   JSON events; no notices; all details
      -h, --help, --version, --no-config   this (charla send -h: of send)

    bye leaves, /help lists the commands. In a pipe, every line is a message.
    "
  `);
});

test("charla --server --help describes a server", async () => {
  const { stdout } = await runCharla(["--server", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Open a conversation, and talk in it.

    charla --server [-p PORT] [-b ADDRESS] [--open | --admit FILE] [OPTION...]

    Others join with the invitation that it prints: charla INVITATION. Messages are
    stored and the invitation stays valid after a restart, except with --ephemeral.

      -p, --port N, -b, --bind ADDRESS   where to listen (12345; 0: any free port)
          --public-host NAME[:PORT], --relay HOST[:PORT]   other ways to it
      -n, --name NAME, -r, --room ROOM   name (last /name or login); room (main)
          --open, --admit FILE   let anyone in; or those with fingerprints in FILE
          --no-announce     do not announce the server on this network
          --data DIR, --ephemeral   store in DIR (~/.local/share/charla); nothing
          --memory N, --no-web   for members (64M, 2G; 1G); no WebSockets on TCP
          --keep 90d|10GB, --quota 20GB   keep this much of each room; of all rooms
          --background, --no-map   return the shell; have no router map the port
          --invitation-file FILE   write the invitation to FILE
          --plain, --turns  not encrypted, with one other person; in turns
          --bell, --no-color, --no-notify, --no-line-history   see charla -h
          --json, -q, -v, --no-config, -h, --version   see charla -h

    bye leaves, and the others wait (not with --ephemeral); /close ends it for all.
    Without input (</dev/null) it only serves, and writes the invitation to a file.
    "
  `);
});

test("charla send --help describes send", async () => {
  const { stdout } = await runCharla(["send", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Send one message and leave.

    charla send [--to HOST[:PORT] | --to INVITATION] [OPTION...] [TEXT]

    Without TEXT, each line of stdin is a message. With an invitation, messages are
    encrypted and confirmed; to a host they are neither.

          --to WHERE       host, invitation, or - for one on stdin (localhost:12345)
          --invitation-file FILE   to the invitation in FILE
      -n, --name NAME      with an invitation: how others see me (as in charla)
      -r, --room ROOM      with an invitation: which room (the invitation's)
          --reply          wait for a reply to each message, and print it
          --json           every event as one JSON object a line on stdout
      -q, --quiet          only replies and errors
      -v, --verbose        print what was sent
          --no-color       no colours or styles; --no-config: ignore the config file
      -h, --help           show help; --version: show the version
    "
  `);
});

test("charla receive --help describes receive", async () => {
  const { stdout } = await runCharla(["receive", "-h"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Wait for one message, print it and leave.

    charla receive [-p PORT] [-b ADDRESS] [OPTION...]

    The message is not encrypted: anyone on the network can read it.

      -p, --port N         listen on port N (12345; 0: any free one)
      -b, --bind ADDRESS   listen on this address only
          --reply[=TEXT]   reply with TEXT, or with a line of stdin
          --json           every event as one JSON object a line on stdout
      -q, --quiet          only the message and errors
      -v, --verbose        print the reply
      -h, --help           show help; --version: show the version
    "
  `);
});

test("charla stop --help describes stop", async () => {
  const { stdout } = await runCharla(["stop", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "End my server on this machine, and wait until it has ended.

    charla stop [--data DIR] [OPTION...]

    Members wait, and come back when it is started again, except with --ephemeral.
    Without --data, the server that was started last ends.

          --data DIR       the server that stores its messages in DIR
          --json           one JSON object
      -q, --quiet          only errors; -v, --verbose: every detail
      -h, --help           show help; --version: show the version
    "
  `);
});

test("charla history --help describes history", async () => {
  const { stdout } = await runCharla(["history", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Show the messages of a room.

    charla history [OPTION...] [ROOM]
    charla history [OPTION...] HOST[:PORT]/ROOM | INVITATION | -

    ROOM is a room of my server on this machine (main). HOST/ROOM, or an INVITATION,
    which - reads from stdin, is a room that I have joined. By default the last 100
    messages, else those that --since and --search select, one a line, oldest first,
    with local times.

          --since WHEN     not before WHEN: 30m, 1h, 2d ago, 2026-11-22 or
                           2026-11-22T10:00
          --search WORDS   with all of these words, or words that start like them
          --last N         only the last N messages; --all: all messages
          --delete-before WHEN|N   delete what is before WHEN, or the number N
          --data DIR       the folder of the server (~/.local/share/charla)
          --invitation-file FILE   of the room of the invitation in FILE
          --json           one JSON object a line
      -q, --quiet          only messages and errors
      -v, --verbose        seconds, and the fingerprints of the authors
      -h, --help           show help; --version: show the version
    "
  `);
});

test("charla doctor --help describes doctor", async () => {
  const { stdout } = await runCharla(["doctor", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Check this machine, or the path to a server, and say how to solve problems.

    charla doctor [OPTION...] [HOST[:PORT] | INVITATION | -]

    Without an argument: whether charla can listen here, from where this machine can
    be reached, and whether charla can write its files. Of a server: whether it
    answers, the round-trip time, the loss and the longest datagram; if it lets you
    in, also its clock, and whether there is a NAT.

          --invitation-file FILE   check the server of the invitation in FILE
          --json           one JSON object a line
      -q, --quiet          only notes and problems
      -h, --help           show help; --version: show the version

    The exit status is 1 if there is a problem.
    "
  `);
});

test("charla get --help describes get", async () => {
  const { stdout } = await runCharla(["get", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Fetch a URL over HTTP: the body on stdout, everything else on stderr.

    charla get [-o FILE | -O] [OPTION...] [METHOD] URL... [KEY=TEXT | Name:VALUE]...

      -o, --output FILE, -O, --remote-name   save in FILE; or named as in the URL
      -J, --remote-header-name   save in a new file named as the server says
          --resume, --sha256 HEX   continue FILE.part; check the SHA-256 of the body
      -Z, --parallel, --max-bytes N   several URLs side by side; fail after N bytes
      -i, --include, -I, --head, --report   headers, too; only they; JSON about it
      -H, --header LINE, -X, --request METHOD   "Accept: text/plain"; GET, PUT, ...
      -d, --data DATA, --json DATA   send DATA, @FILE or - for stdin; as JSON
      -F, --form FIELD, -T, --upload-file FILE   NAME=TEXT or NAME=@FILE; PUT FILE
      -u, --user USER[:PASSWORD]   log in; a missing password is asked for
      -b, --cookie DATA, -c, --cookie-jar FILE   send NAME=VALUE; keep in FILE
          --timeout N, -m, --max-time N   s without data (300); s in all
          --retry N, --no-fail, -f, --fail   N times; 404 is no error; no body
      -x, --proxy URL, --noproxy HOSTS   http, https, socks5, ...; * for none
      -k, --insecure, --cacert FILE   trust any certificate; or those in FILE
      -E, --cert FILE, --key FILE   my certificate and its key, for servers that ask
          --http0.9        send the lesson's request, GET /path; print 2048 bytes
          --no-color, --no-config, -q, -v, -h, --version   see charla -h

    man charla has the rest of curl's options that charla get takes.
    "
  `);
});

test("charla serve --help describes serve", async () => {
  const { stdout } = await runCharla(["serve", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Share a folder over HTTP.

    charla serve [OPTION...] [DIR]

    Without DIR, the current folder. Only this machine can connect, unless --public
    or --bind is given. Nothing outside of the folder is served.

          --public, -b, --bind ADDRESS   listen on every address; on this one only
      -p, --port N         listen on port N (8000; 0: any free one)
          --host NAME, --trust-proxy ADDRESS   a name of it; a proxy to trust
          --auth USER:PASSWORD   require this user and password
          --tls            HTTPS with a self-signed certificate
          --tls-cert FILE, --tls-key FILE   HTTPS with this certificate and key
          --upload, --manage   accept uploads; also changes, and WebDAV
          --on-conflict WHAT   a taken name: refuse, rename or replace
          --max-upload N   limit uploads to N bytes (500K, 20M; 1G by default)
          --spa            serve /index.html for unknown paths
          --cors, --no-listing   pages of other sites may read; no folder listings
          --dotfiles, --follow-symlinks   serve hidden files; links out of DIR
          --log FORMAT, --json   lines of this format; or JSON objects on stdout
      -q, --no-color, --no-config, -h, --version   no log; see charla -h

    Ctrl-C ends the server after the pending responses, or after 5 seconds.
    "
  `);
});

test("charla completion --help says how to install it", async () => {
  const { stdout } = await runCharla(["completion", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Print a script with which a shell completes charla's command line.

    charla completion bash | zsh | fish

    bash, ~/.bashrc:  source <(charla completion bash)
    zsh, ~/.zshrc:    source <(charla completion zsh)  # after compinit
    fish, once:       charla completion fish >
                        ~/.config/fish/completions/charla.fish

    Then Tab completes commands, options, files, and the rooms and servers that are
    known on this machine. It asks nothing of the network.

      -h, --help           show help; --version: show the version
    "
  `);
});

test("charla config --help describes config", async () => {
  const { stdout } = await runCharla(["config", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Show which settings are in force, and where they come from.

    charla config [--path] [OPTION...]

    Options that I would give each time stand in the config file, which is
    ~/.config/charla/config.toml, with the names that they have here:

        name = "Ana"
        bell = true
        [server]
        keep = "90d"

    A variable such as CHARLA_NAME or CHARLA_SERVER_KEEP wins over the file, and the
    command line over both. CHARLA_CONFIG names another file; empty, none is read.

          --path           only the path of the config file
          --no-config      ignore the config file
          --json           one JSON object a line
      -h, --help           show help; --version: show the version
    "
  `);
});

test("charla id --help describes id", async () => {
  const { stdout } = await runCharla(["id", "--help"]);
  expect(stdout).toMatchInlineSnapshot(`
    "Show my name, and the fingerprint of my key.

    charla id [OPTION...]

    Others see the same fingerprint, and so know that it is you. The key is made on
    first use, and kept in the config folder, ~/.config/charla.

          --json           one JSON object, with the public key as well
      -q, --quiet          do not say that a key was made
      -v, --verbose        print the path of the key
          --no-config      ignore the config file
      -h, --help           show help; --version: show the version
    "
  `);
});

test("every help text fits a screen of 80 columns and 24 rows, including the prompt", async () => {
  for (const command of ["", "send", "receive", "history", "doctor", "serve", "get", "id"]) {
    const lines = (await runCharla([command, "--help"].filter((word) => word !== ""))).stdout
      .trimEnd()
      .split("\n");
    expect(lines.length).toBeLessThanOrEqual(23);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  }
});

test("charla --version prints its name and version", async () => {
  expect(await runProcess(["--version"])).toEqual({
    stdout: `charla ${manifest.version}\n`,
    stderr: "",
    status: 0,
  });
});

test(
  "npm start -- ARGS runs charla ARGS",
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
    await using _port = await holdLessonPort();
    await using npm = start(["node", "scripts/start.mjs"]);
    // Port 12345 of this machine may be in use, which is then reported.
    await npm.until("stderr", /listening on \[::\]:12345|port 12345 is in use/);
    npm.signal("SIGTERM");
    expect([0, 1]).toContain(await npm.exited);
  },
  END_TO_END_TIMEOUT,
);
