// Renders the pictures of this folder: one talk among three on charla's screen, and the same talk in weechat and irssi
// where they are installed (Debian: weechat-curses irssi ngircd).
//
//   bun docs/pictures/render.ts

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DARK, openPane, type Palette, type Pane } from "./terminal.ts";

const SIZE = { columns: 80, rows: 24 };
const here = import.meta.dir;
const main = join(here, "..", "..", "src", "cli", "main.ts");
const charla = `"${process.execPath}" "${main}"`;

/** Who says what; "ana" is the one whose screen is drawn, null stands for an arrival. */
const TALK: readonly (readonly [name: string, text: string | null])[] = [
  ["ben", null],
  ["ben", "hello Ana, are you there?"],
  ["ana", "I am. What a nice surprise 👋"],
  ["eva", null],
  [
    "eva",
    "the plan is at https://example.org/plans/2026/autumn-meeting.html and I would like to hear what you think of its second part before Thursday",
  ],
  ["ben", "/me reads it"],
  ["ben", "ana: can you bring the projector?"],
  ["eva", `hm${" ".repeat(73)}ana: I agree`],
  ["ana", "not before Wednesday"],
];

/** Somebody who takes part from a program. */
interface Guest {
  say(text: string): void;
  leave(): void;
}

async function talkOn(pane: Pane, join: (name: string) => Promise<Guest>): Promise<Guest[]> {
  const guests = new Map<string, Guest>();
  for (const [name, text] of TALK) {
    if (text === null) guests.set(name, await join(name));
    else if (name === "ana") {
      pane.type(text);
      pane.press("Enter");
    } else guests.get(name)?.say(text);
    await Bun.sleep(text === null ? 3_500 : 400);
  }
  return [...guests.values()];
}

async function drawCharla(palette: Palette, file: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "charla-home-"));
  const folders = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"];
  const env = (name: string) =>
    Object.fromEntries(folders.map((folder) => [folder, join(home, name)]));
  using pane = openPane(SIZE.columns, SIZE.rows, palette, { ...env("ana"), NO_COLOR: "" });
  pane.type(`clear; ${charla} --server --name ana --port 0 --bind 127.0.0.1`);
  pane.press("Enter");
  await pane.until("ana");
  await Bun.sleep(1_000);
  // The server leaves it for its owner's other windows.
  const found = Bun.spawnSync(["grep", "-rhao", 'charla://[^" #]*#[^" ]*', home]);
  const [invitation] = found.stdout.toString().split("\n");
  if (invitation === undefined || invitation === "") throw new Error("no invitation was left");
  const guests = await talkOn(pane, async (name) => {
    const child = Bun.spawn([process.execPath, main, "--name", name, "--quiet", "-"], {
      env: { ...process.env, ...env(name) },
      stdin: "pipe",
      stdout: "ignore",
      stderr: "inherit",
    });
    void child.stdin.write(`${invitation}\n`);
    return {
      say(text) {
        void child.stdin.write(`${text}\n`);
        void child.stdin.flush();
      },
      leave: () => void child.stdin.end(),
    };
  });
  await Bun.sleep(500);
  writeFileSync(join(here, file), pane.picture());
  for (const guest of guests) guest.leave();
  pane.press("C-d");
  rmSync(home, { recursive: true, force: true });
}

/** On an IRC server of this script's own. */
async function drawIrc(client: "weechat" | "irssi", palette: Palette, file: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "charla-irc-"));
  const port = 20_000 + (process.pid % 20_000);
  writeFileSync(
    join(home, "ngircd.conf"),
    `[Global]\nName = irc.example\nInfo = example\nListen = 127.0.0.1\nPorts = ${port}\nMotdPhrase = hello\n[Options]\nIdent = no\nPAM = no\nDNS = no\n`,
  );
  const server = Bun.spawn(["ngircd", "-n", "-f", join(home, "ngircd.conf")], {
    stdout: "ignore",
    stderr: "ignore",
  });
  await Bun.sleep(500);
  using pane = openPane(SIZE.columns, SIZE.rows, palette, { HOME: home });
  const command =
    client === "weechat"
      ? `weechat -d ${home}/weechat -r '/server add local 127.0.0.1/${port} -notls -nicks=ana -autojoin=#main' -r '/connect local'`
      : `irssi --home=${home}/irssi -c 127.0.0.1 -p ${port} -n ana`;
  pane.type(command);
  pane.press("Enter");
  if (client === "irssi") {
    await pane.until("ana(+i)");
    pane.type("/join #main");
    pane.press("Enter");
  }
  await pane.until(client === "irssi" ? "1 ops" : "1 op");
  await Bun.sleep(1_000);
  const guests = await talkOn(pane, async (name) => {
    const socket = connect(port, "127.0.0.1");
    socket.setEncoding("utf8").on("data", (line: string) => {
      const ping = /^PING (.*)\r$/m.exec(line);
      if (ping !== null) socket.write(`PONG ${ping[1]}\r\n`);
    });
    socket.write(`NICK ${name}\r\nUSER ${name} 0 * :${name}\r\n`);
    await Bun.sleep(500);
    socket.write("JOIN #main\r\n");
    return {
      say(text) {
        const action = /^\/me (.*)$/.exec(text)?.[1];
        socket.write(
          `PRIVMSG #main :${action === undefined ? text : `\u0001ACTION ${action}\u0001`}\r\n`,
        );
      },
      leave: () => void socket.end("QUIT\r\n"),
    };
  });
  await Bun.sleep(500);
  writeFileSync(join(here, file), pane.picture());
  for (const guest of guests) guest.leave();
  pane.type("/quit");
  pane.press("Enter");
  await Bun.sleep(500);
  server.kill();
  rmSync(home, { recursive: true, force: true });
}

await drawCharla(DARK, "charla-dark.svg");
if (Bun.which("ngircd") !== null) {
  if (Bun.which("weechat") !== null) await drawIrc("weechat", DARK, "weechat.svg");
  if (Bun.which("irssi") !== null) await drawIrc("irssi", DARK, "irssi.svg");
}
