// `charla get` on a real terminal: text that is safe to look at, JSON laid out, a bar for what takes a while.

import { expect } from "bun:test";

import { newFolder } from "../harness/folder.ts";
import { testWith } from "../harness/peer-programs.ts";
import { openScreen, type Screen } from "../harness/screen.ts";

function serve(body: string, type: string) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(body, { headers: { "Content-Type": type } }),
  });
  return {
    at: `127.0.0.1:${server.port}`,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

async function shown(screen: Screen, command: string): Promise<string[]> {
  screen.type(`clear; ${command}; echo "status $?"`);
  screen.press("Enter");
  // What is shown as it is need not end with a newline.
  return screen.until("its status", (rows) => rows.some((row) => /status \d+$/.test(row)));
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
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch() {
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.alloc(512 * 1_024));
          await seen;
          controller.enqueue(Buffer.alloc(512 * 1_024));
          controller.close();
        },
      });
      return new Response(body, { headers: { "X-Length": "1048576" } });
    },
  });
  await using screen = await openScreen(70);
  screen.type(`clear; charla get -o ${folder.path}/f 127.0.0.1:${server.port}`);
  screen.press("Enter");
  await screen.until("the bar", (rows) => rows.some((row) => /^512\.0 KiB {2}/.test(row)));
  isSeen();
  const rows = await screen.until("its end", (now) => now.at(-1) === "$");
  expect(rows.join(" ").replaceAll("  ", " ")).toMatch(/f has it: 1\.0 MiB in \d+\.\d s \$$/);
  expect(folder.list()).toEqual(["f"]);
  await server.stop(true);
});
