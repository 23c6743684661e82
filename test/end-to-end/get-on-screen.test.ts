// `charla get` on a real terminal: text that is safe to look at, JSON laid out, a bar for what takes a while.

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
  // What the command before has shown is not this one's.
  screen.type("clear");
  screen.press("Enter");
  await screen.until("an empty screen", (rows) => rows.length === 1 && rows[0] === "$");
  screen.type(`clear; ${command}; echo "status $?"`);
  screen.press("Enter");
  // What is shown as it is need not end with a newline.
  return screen.until("its status", (rows) => {
    return rows.at(-1) === "$" && rows.some((row) => /status \d+$/.test(row));
  });
}

testWith(["tmux"], "text on a terminal is shown, not obeyed, and ends with a newline", async () => {
  await using server = serve("one\r\n\x1b[2Jtwo\u009b", "text/plain");
  await using screen = await openScreen();
  const rows = await shown(screen, `charla get ${server.at}`);
  expect(rows).toEqual(["one", "^[[2Jtwo\\u{9b}", "status 0", "$"]);
});

testWith(["tmux"], "binary on a terminal is refused, unless -o - asks for it", async () => {
  await using server = serve("a\0b", "text/plain");
  await using screen = await openScreen(70);
  const refused = await shown(screen, `charla get ${server.at}`);
  expect(refused.slice(0, 3)).toEqual([
    "charla: this is no text, and would upset the terminal",
    "hint: -O or -o FILE keeps it; -o - shows it all the same",
    "status 1",
  ]);
  expect((await shown(screen, `charla get -o - ${server.at}`)).join()).toContain("status 0");
});

testWith(["tmux"], "a password that -u leaves out is asked for, and not shown", async () => {
  await using server = openFetchServer(({ headers }) => {
    const [, told = ""] = headers.get("authorization")?.split(" ") ?? [];
    return new Response(`it is ${Buffer.from(told, "base64").toString().replace(":", " and ")}`);
  });
  await using screen = await openScreen(70);
  screen.type(`clear; charla get -u ann ${server.at}`);
  screen.press("Enter");
  const asked = `password for ann at ${server.at}:`;
  await screen.until("the question", (rows) => rows.at(-1) === asked);
  screen.type("wrong");
  screen.press("C-u");
  screen.type("sécrété");
  screen.press("BSpace", "Enter");
  const rows = await screen.until("the answer", (now) => now.at(-1) === "$");
  expect(rows).toEqual([asked, "it is ann and sécrét", "$"]);
  screen.type(`clear; charla get -u ann ${server.at}; echo "status $?"`);
  screen.press("Enter");
  await screen.until("the question", (now) => now.at(-1) === asked);
  screen.press("C-c");
  expect(await screen.until("its status", (now) => now.at(-1) === "$")).toEqual([
    asked,
    "status 130",
    "$",
  ]);
});

testWith(["tmux"], "JSON on a terminal is indented and coloured", async () => {
  await using server = serve('{"a":[1,"b"]}', "application/json; charset=utf-8");
  await using screen = await openScreen(60, 20, { styled: true });
  const rows = await shown(screen, `charla get ${server.at}`);
  expect(rows.slice(0, 7)).toEqual(["{", '  "a": [', "    1,", '    "b"', "  ]", "}", "status 0"]);
  expect(screen.styledRows().join("\n")).toContain('\x1b[36m"a"\x1b[39m');
  await shown(screen, `NO_COLOR=1 charla get ${server.at}`);
  expect(screen.styledRows().join("\n")).not.toContain("\x1b[36m");
});

testWith(["tmux"], "what takes a while has a bar, which is gone in the end", async () => {
  using folder = newFolder();
  const { promise: seen, resolve: isSeen } = Promise.withResolvers<void>();
  const half = Buffer.alloc(512 * 1_024, "x");
  await using server = await openRawServer(async (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
    socket.write(half.subarray(0, -1_024));
    // A rate is of more than one moment.
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
  expect(rows.join("")).toMatch(/f has it: 1\.0 MiB in \d+\.\d s\$$/);
  expect(folder.list()).toEqual(["f"]);
});

testWith(["tmux"], "what takes a while to send has a bar as well", async () => {
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

testWith(["tmux"], "Ctrl-C takes the bar off the screen, and says what is there", async () => {
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
    "512.0 KiB of it are in f.part",
    "hint: the server gives no way to go on with it; it will be fetched from the beginning",
    "$",
  ]);
});
