// `charla get` on a real terminal: text without escape sequences, indented JSON, a progress bar.

import { expect } from "bun:test";

import { type FetchServer, openFetchServer } from "../harness/fetch-server.ts";
import { newFolder } from "../harness/folder.ts";
import { testWith } from "../harness/peer-programs.ts";
import { openRawServer } from "../harness/raw-server.ts";
import { openScreen, type Screen } from "../harness/screen.ts";

function serve(body: string, type: string): FetchServer {
  return openFetchServer(() => new Response(body, { headers: { "Content-Type": type } }));
}

async function shown(screen: Screen, command: string): Promise<string[]> {
  // Clears the output of the command before.
  screen.type("clear");
  screen.press("Enter");
  await screen.until("an empty screen", (rows) => rows.length === 1 && rows[0] === "$");
  screen.type(`clear; ${command}; echo "status $?"`);
  screen.press("Enter");
  // With -o - the output need not end with a newline.
  return screen.until("its status", (rows) => {
    return rows.at(-1) === "$" && rows.some((row) => /status \d+$/.test(row));
  });
}

testWith(
  ["tmux"],
  "control characters on a terminal are made visible, and the output ends with a newline",
  async () => {
    await using server = serve("one\r\n\x1b[2Jtwo\u009b", "text/plain");
    await using screen = await openScreen();
    const rows = await shown(screen, `charla get ${server.at}`);
    expect(rows).toEqual(["one", "^[[2Jtwo\\u{9b}", "status 0", "$"]);
  },
);

testWith(["tmux"], "a binary body is refused on a terminal, unless -o - is given", async () => {
  await using server = serve("a\0b", "text/plain");
  await using screen = await openScreen(70);
  const refused = await shown(screen, `charla get ${server.at}`);
  expect(refused.slice(0, 3)).toEqual([
    "charla: the body is binary and could garble the terminal",
    "hint: save it with -O or -o FILE; -o - prints it anyway",
    "status 1",
  ]);
  expect((await shown(screen, `charla get -o - ${server.at}`)).join()).toContain("status 0");
});

testWith(["tmux"], "a password missing from -u is asked for, and not shown", async () => {
  await using server = openFetchServer(({ headers }) => {
    const [, credentials = ""] = headers.get("authorization")?.split(" ") ?? [];
    return new Response(
      `it is ${Buffer.from(credentials, "base64").toString().replace(":", " and ")}`,
    );
  });
  await using screen = await openScreen(70);
  screen.type(`clear; charla get -u ann ${server.at}`);
  screen.press("Enter");
  const question = `password for ann at ${server.at}:`;
  await screen.until("the question", (rows) => rows.at(-1) === question);
  screen.type("wrong");
  screen.press("C-u");
  screen.type("sécrété");
  screen.press("BSpace", "Enter");
  const rows = await screen.until("the answer", (now) => now.at(-1) === "$");
  expect(rows).toEqual([question, "it is ann and sécrét", "$"]);
  screen.type(`clear; charla get -u ann ${server.at}; echo "status $?"`);
  screen.press("Enter");
  await screen.until("the question", (now) => now.at(-1) === question);
  screen.press("C-c");
  expect(await screen.until("its status", (now) => now.at(-1) === "$")).toEqual([
    question,
    "status 130",
    "$",
  ]);
});

testWith(["tmux"], "JSON on a terminal is indented and coloured", async () => {
  await using server = serve('{"a":[1,"b"]}', "application/json; charset=utf-8");
  await using screen = await openScreen(60, 20, { styled: true });
  const rows = await shown(screen, `charla get ${server.at}`);
  expect(rows.slice(0, 7)).toEqual(["{", '  "a": [', "    1,", '    "b"', "  ]", "}", "status 0"]);
  expect((await screen.styledRows()).join("\n")).toContain('\x1b[36m"a"\x1b[39m');
  for (const command of [
    "NO_COLOR=1 charla get",
    "charla get --no-color",
    "CHARLA_NO_COLOR=1 charla get",
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one terminal, one command after the other
    await shown(screen, `${command} ${server.at}`);
    // oxlint-disable-next-line no-await-in-loop -- as above
    expect((await screen.styledRows()).join("\n")).not.toContain("\x1b[36m");
  }
});

testWith(["tmux"], "a long download has a progress bar, which disappears at the end", async () => {
  using folder = newFolder();
  const { promise: seen, resolve: isSeen } = Promise.withResolvers<void>();
  const half = Buffer.alloc(512 * 1_024, "x");
  await using server = await openRawServer(async (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
    socket.write(half.subarray(0, -1_024));
    // A rate needs two moments.
    await Bun.sleep(200);
    socket.write(half.subarray(-1_024));
    await seen;
    socket.end(half);
  });
  await using screen = await openScreen(90);
  screen.type(`clear; charla get -o ${folder.path}/f 127.0.0.1:${server.port}`);
  screen.press("Enter");
  const bar = / 50% \[#+-+\] 512\.0 KiB of 1\.0 MiB {2}\d+\.\d [KM]?i?B\/s {2}\d+ .*left$/;
  await screen.until("the bar", (rows) => rows.some((row) => bar.test(row)));
  isSeen();
  const rows = await screen.until("its end", (now) => now.at(-1) === "$");
  expect(rows.join("")).toMatch(/saved .*f: 1\.0 MiB in \d+\.\d s\$$/);
  expect(folder.list()).toEqual(["f"]);
});

testWith(["tmux"], "a long upload has a progress bar, too", async () => {
  using folder = newFolder();
  folder.write("f", Buffer.alloc(64 * 1_024 * 1_024));
  const { promise: seen, resolve: isSeen } = Promise.withResolvers<void>();
  await using server = await openRawServer(async (socket) => {
    socket.pause();
    await seen;
    socket.resume();
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n");
  });
  await using screen = await openScreen(90);
  screen.type(`clear; charla get -d @${folder.path}/f 127.0.0.1:${server.port}`);
  screen.press("Enter");
  const bar = /^ +\d+% \[#*-+\] \d+\.\d [KM]iB of 64\.0 MiB sent/;
  await screen.until("the bar", (rows) => rows.some((row) => bar.test(row)));
  isSeen();
  const rows = await screen.until("its end", (now) => now.at(-1) === "$");
  expect(rows).toEqual(["ok", "$"]);
});

testWith(["tmux"], "Ctrl-C removes the bar and says what is kept", async () => {
  using folder = newFolder();
  await using server = await openRawServer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
    socket.write(Buffer.alloc(512 * 1_024));
  });
  await using screen = await openScreen(90);
  screen.type(`cd ${folder.path}; clear; charla get -O 127.0.0.1:${server.port}/f`);
  screen.press("Enter");
  await screen.until("the bar", (rows) => rows.some((row) => row.startsWith(" 50% [")));
  screen.press("C-c");
  const rows = await screen.until("its end", (now) => now.at(-1) === "$");
  expect(rows.slice(-3)).toEqual([
    "512.0 KiB are in f.part",
    "hint: this server cannot resume; the next try starts from the beginning",
    "$",
  ]);
});
