import { describe, expect } from "bun:test";

import { freeUdpPort, LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { run, start } from "../harness/program.ts";
import { command, PAIRS, portOf, UNICODE } from "./lesson.ts";

describe("step 3, in turns", () => {
  for (const address of LOOPBACKS) {
    for (const { server: opener, client: joiner, needs } of PAIRS) {
      const pair = `a ${joiner} client and a ${opener} server at ${address}`;

      testWith(needs, `The client of ${pair} says bye, and both end.`, async () => {
        await using server = start(command(opener, "3-turns/server", "0"), {
          input: `two ${UNICODE}\nfour\n`,
        });
        const port = await portOf(server);
        const client = await run(command(joiner, "3-turns/client", address, port), {
          input: `one ${UNICODE}\nthree\nbye\n`,
        });
        expect(client).toEqual({
          stdout: "You: two é 日本 🎉\nYou: four\nYou: ",
          stderr: "",
          status: 0,
        });
        expect(await server.exited).toBe(0);
        expect(server.stdout).toBe(
          `Waiting on port ${port}\none é 日本 🎉\nYou: three\nYou: bye\n`,
        );
        expect(server.stderr).toBe("");
      });

      testWith(needs, `The server of ${pair} says bye, and both end.`, async () => {
        await using server = start(command(opener, "3-turns/server", "0"), {
          input: "two\nbye\n",
        });
        const port = await portOf(server);
        const client = await run(command(joiner, "3-turns/client", address, port), {
          input: "one\nthree\n",
        });
        expect(client).toEqual({ stdout: "You: two\nYou: bye\n", stderr: "", status: 0 });
        expect(await server.exited).toBe(0);
        expect(server.stdout).toBe(`Waiting on port ${port}\none\nYou: three\nYou: `);
        expect(server.stderr).toBe("");
      });
    }

    testWith(["ncat"], `ncat takes its turns with the server at ${address}.`, async () => {
      await using server = start(command("TypeScript", "3-turns/server", "0"));
      const port = await portOf(server);
      await using ncat = start(["ncat", "--udp", address, port]);
      ncat.type("one\n");
      server.type("two\n");
      await ncat.until("stdout", /^two$/);
      ncat.type("bye\n");
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(`Waiting on port ${port}\none\nYou: bye\n`);
    });

    testWith([], `A client whom nobody hears at ${address} says so and fails.`, async () => {
      const port = String(await freeUdpPort());
      const client = await run(command("TypeScript", "3-turns/client", address, port), {
        input: "anyone?\n",
      });
      expect(client.status).toBe(1);
      expect(client.stdout).toBe("You: ");
      expect(client.stderr).toContain("ECONNREFUSED");
    });
  }

  testWith([], "The end of the client's input says bye.", async () => {
    await using server = start(command("TypeScript", "3-turns/server", "0"), { input: "two\n" });
    const port = await portOf(server);
    const client = await run(command("TypeScript", "3-turns/client", "127.0.0.1", port), {
      input: "one\n",
    });
    expect(client).toEqual({ stdout: "You: two\nYou: ", stderr: "", status: 0 });
    expect(await server.exited).toBe(0);
    expect(server.stdout).toBe(`Waiting on port ${port}\none\nYou: bye\n`);
  });

  testWith([], "The end of the server's input says bye.", async () => {
    await using server = start(command("TypeScript", "3-turns/server", "0"), { input: "" });
    const port = await portOf(server);
    const client = await run(command("TypeScript", "3-turns/client", "127.0.0.1", port), {
      input: "one\n",
    });
    expect(client).toEqual({ stdout: "You: bye\n", stderr: "", status: 0 });
    expect(await server.exited).toBe(0);
    expect(server.stdout).toBe(`Waiting on port ${port}\none\nYou: `);
  });

  testWith([], "What the server types before its turn waits for it.", async () => {
    await using server = start(command("TypeScript", "3-turns/server", "0"));
    server.type("two\n");
    const port = await portOf(server);
    await using client = start(command("TypeScript", "3-turns/client", "127.0.0.1", port));
    client.type("one\n");
    await client.until("stdout", "You: two\nYou: ");
    client.type("bye\n");
    expect(await client.exited).toBe(0);
    expect(await server.exited).toBe(0);
  });
});
