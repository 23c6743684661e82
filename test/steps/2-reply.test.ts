import { describe, expect } from "bun:test";

import { freeUdpPort, LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { run, start } from "../harness/program.ts";
import { command, ncatWaiting, PAIRS, portOf, UNICODE } from "./lesson.ts";

describe("step 2, with a reply", () => {
  for (const address of LOOPBACKS) {
    for (const { server: opener, client: joiner, needs } of PAIRS) {
      const title = `A ${opener} server answers a ${joiner} client at ${address}.`;
      testWith(needs, title, async () => {
        await using server = start(command(opener, "2-reply/server", "0"));
        const port = await portOf(server);
        await using client = start(command(joiner, "2-reply/client", address, port));
        client.type(`${UNICODE}?\n`);
        await server.until("stdout", "é 日本 🎉?\nAnswer: ");
        server.type(`${UNICODE}!\n`);
        expect(await client.exited).toBe(0);
        expect(client.stdout).toBe("Message: é 日本 🎉!\n");
        expect(client.stderr).toBe("");
        expect(await server.exited).toBe(0);
        expect(server.stdout).toBe(`Waiting on port ${port}\né 日本 🎉?\nAnswer: `);
        expect(server.stderr).toBe("");
      });
    }

    testWith(["ncat"], `The server answers ncat at ${address}.`, async () => {
      await using server = start(command("TypeScript", "2-reply/server", "0"));
      const port = await portOf(server);
      await using ncat = start(["ncat", "--udp", address, port]);
      ncat.type("how are you?\n");
      server.type("fine\n");
      await ncat.until("stdout", /^fine$/);
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(`Waiting on port ${port}\nhow are you?\nAnswer: `);
    });

    testWith(["ncat"], `ncat answers the client at ${address}.`, async () => {
      const port = String(await freeUdpPort());
      await using ncat = await ncatWaiting(address, port);
      await using client = start(command("TypeScript", "2-reply/client", address, port));
      client.type("how are you?\n");
      await ncat.until("stdout", /^how are you\?$/);
      ncat.type("fine\n");
      expect(await client.exited).toBe(0);
      expect(client.stdout).toBe("Message: fine\n");
    });

    testWith([], `A client whom nobody hears at ${address} says so and fails.`, async () => {
      const port = String(await freeUdpPort());
      const client = await run(command("TypeScript", "2-reply/client", address, port), {
        input: "anyone?\n",
      });
      expect(client.status).toBe(1);
      expect(client.stdout).toBe("Message: ");
      expect(client.stderr).toContain("ECONNREFUSED");
    });
  }

  testWith([], "The server hears and answers the first who writes, and nobody else.", async () => {
    await using server = start(command("TypeScript", "2-reply/server", "0"));
    const port = await portOf(server);
    await using first = start(command("TypeScript", "2-reply/client", "127.0.0.1", port));
    first.type("first\n");
    await server.until("stdout", "first\nAnswer: ");
    await run(command("TypeScript", "1-one-way/client", "127.0.0.1", port), { input: "second\n" });
    server.type("for the first\n");
    expect(await first.exited).toBe(0);
    expect(first.stdout).toBe("Message: for the first\n");
    expect(await server.exited).toBe(0);
    expect(server.stdout).toBe(`Waiting on port ${port}\nfirst\nAnswer: `);
  });
});
