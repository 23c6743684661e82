import { describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { holdLessonPort } from "../harness/ports.ts";
import { root, run, start } from "../harness/program.ts";
import { command, portOf } from "./lesson.ts";

const PROGRAMS = [
  "1-one-way/client.ts",
  "1-one-way/server.ts",
  "2-reply/client.ts",
  "2-reply/server.ts",
  "3-turns/client.ts",
  "3-turns/server.ts",
  "4-free/client.ts",
  "4-free/server.ts",
  "5-all-in-one/talk.ts",
  "http-client/client.ts",
  "http-server/server.ts",
];

function read(name: string): Promise<string> {
  return readFile(join(root, "steps", name), "utf8");
}

/** Whether the lesson's own port is somebody else's on this machine just now. */
async function lessonPortTaken(): Promise<boolean> {
  const socket = createSocket({ type: "udp6", ipv6Only: false });
  try {
    socket.bind(12345, "::");
    await once(socket, "listening");
    return false;
  } catch {
    return true;
  } finally {
    socket.close();
  }
}

const portTaken = await lessonPortTaken();

describe("the lesson", () => {
  test("There is nothing in steps/ but these programs and the README.", async () => {
    const files = await Array.fromAsync(new Bun.Glob("**").scan(join(root, "steps")));
    expect(files.toSorted()).toEqual([...PROGRAMS, "README.md"].toSorted());
  });

  for (const name of PROGRAMS) {
    test(`${name} has at most 40 lines, of at most 100 columns.`, async () => {
      const lines = (await read(name)).trimEnd().split("\n");
      expect(lines.length).toBeLessThanOrEqual(40);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    });

    test(`${name} begins by saying what it does and how to run it.`, async () => {
      const text = await read(name);
      expect(text).toMatch(/^\/\/ \S.*\n\/\/\n\/\/ {3}bun steps\//);
      expect(text).toContain(`//   bun steps/${name}`);
    });

    test(`${name} imports nothing but the platform.`, async () => {
      const imports = new Bun.Transpiler({ loader: "ts" }).scanImports(await read(name));
      expect(imports.filter(({ path }) => !path.startsWith("node:"))).toEqual([]);
    });

    test(`The README says how to run ${name}.`, async () => {
      expect(await read("README.md")).toContain(`npx bun steps/${name}`);
    });
  }

  test.skipIf(portTaken)(
    "Without arguments the two ends of every step meet at localhost, port 12345.",
    async () => {
      await using _port = await holdLessonPort();
      for (const [serverStep, clientStep, heard] of [
        ["1-one-way/server", "1-one-way/client", "hello from 127.0.0.1 port "],
        ["2-reply/server", "2-reply/client", "hola from 127.0.0.1 port "],
        ["3-turns/server", "3-turns/client", "bye\n"],
        ["4-free/server", "4-free/client", "bye\n"],
      ] as const) {
        await using server = start(command("TypeScript", serverStep), { input: "bye\n" });
        expect(await portOf(server)).toBe("12345");
        const client = await run(command("TypeScript", clientStep), { input: "bye\n" });
        expect(client.status).toBe(0);
        expect(await server.exited).toBe(0);
        expect(server.stdout).toContain(`Waiting on port 12345\n${heard}`);
      }
      await using server = start(command("TypeScript", "5-all-in-one/talk", "--server"));
      expect(await portOf(server)).toBe("12345");
      await run(command("TypeScript", "5-all-in-one/talk", "--client"), { input: "bye\n" });
      expect(await server.exited).toBe(0);
    },
    END_TO_END_TIMEOUT,
  );
});
