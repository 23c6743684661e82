// The server is killed, or stops for a while: what the members print, and that no message is missing afterwards
// (docs/protocol.md s. 15 and 18).

import { describe, expect } from "bun:test";

import { CARRIERS } from "../harness/carriers.ts";
import { charla } from "../harness/in-process.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { charla as startProcess } from "../harness/program.ts";
import { startSealedServer } from "../harness/sealed-server.ts";

const LOST = /^connection to the server lost \(.+\); reconnecting$/m;

for (const { name, hosts, openProcess } of CARRIERS) {
  // A WebSocket that is lost may be back at any moment; over UDP it is refused that nobody listens.
  const noticed = name === "UDP" ? LOST : /^no contact for \d+ s$/m;
  describe(`over ${name}`, () => {
    for (const host of hosts) {
      describe(`at ${host}`, () => {
        endToEnd(
          "after a server is killed and started again all members reconnect, and no message is missing",
          async () => {
            using ana = newPerson();
            const bind = ["--bind", host, "--port", `${await reservePort()}`];
            await using server = await openProcess(bind, { as: ana });
            await using ben = charla([server.invitation, "-v", "-n", "ben"]);
            await using cy = charla([server.invitation, "-v", "-n", "cy"]);
            await cy.until("stderr", "you are cy");
            ben.type("before\n");
            await ben.until("stderr", "delivered: before\n");
            await cy.until("stdout", "before\n");
            server.signal("SIGKILL");
            await server.exited;
            ben.type("while you were away\n");
            cy.type("me too\n");
            await ben.until("stderr", noticed);
            await cy.until("stderr", noticed);

            await using anew = await startSealedServer(bind, { as: ana });
            // The secret is stored, so that invitations remain valid.
            expect(anew.invitation.split("#")[1]).toBe(server.invitation.split("#")[1]);
            await ben.until("stderr", "delivered: while you were away\n");
            await cy.until("stderr", "delivered: me too\n");
            await ben.until("stdout", "me too\n");
            await cy.until("stdout", "while you were away\n");
            for (const member of [ben, cy]) {
              expect(member.stderr).toContain("reconnected to the server\n");
              // They were there before.
              const [, after] = member.stderr.split("reconnected to the server\n");
              expect(after).not.toContain(" joined");
              member.endInput();
              expect(await member.exited).toBe(0);
            }
            expect(cy.stdout).toStartWith("ben: before\nben: while you were away\n");
            expect(ben.stdout.split("cy: me too\n")).toHaveLength(2);
          },
        );

        endToEnd(
          "Ctrl-C leaves while the client reconnects, and undelivered messages are listed",
          async () => {
            const at = ["--bind", host, "--port", `${await reservePort()}`];
            await using server = await openProcess(at);
            await using client = charla([server.invitation, "-v"]);
            client.type("hello\n");
            await client.until("stderr", "delivered: hello\n");
            server.signal("SIGKILL");
            await server.exited;
            client.type("still there?\n");
            await client.until("stderr", noticed);
            client.signal("SIGINT");
            if (name === "WebSocket") {
              await client.until("stderr", "hint: Ctrl-C leaves at once\n");
              client.signal("SIGINT");
            }
            expect(await client.exited).toBe(130);
            expect(client.stderr).toEndWith(
              "you left\nmay not have been delivered: still there?\n",
            );
          },
        );
      });
    }

    endToEnd(
      "a member that was killed resumes where it was, and sends its undelivered messages",
      async () => {
        using ana = newPerson();
        using ben = newPerson();
        await using server = await openProcess(["--bind", "127.0.0.1"], { as: ana });
        await using client = startProcess([server.invitation, "-v", "-n", "ben"], { as: ben });
        client.type("hello\n");
        await client.until("stderr", "delivered: hello\n");
        server.type("hello Ben\n");
        await client.until("stdout", "ana: hello Ben\n");
        server.signal("SIGSTOP");
        client.type("nobody hears me\n");
        await client.until("stderr", "sent: nobody hears me\n");
        client.signal("SIGKILL");
        await client.exited;
        server.signal("SIGCONT");
        server.type("are you there?\n");

        await using again = charla([server.invitation, "-v", "-n", "ben"], { as: ben });
        await again.until("stderr", "delivered: nobody hears me\n");
        await again.until("stdout", "are you there?\n");
        await server.until("stdout", "ben: hello\nben: nobody hears me\n");
        expect(again.stdout).toBe("ana: are you there?\n");
        expect(server.stdout).toBe("ben: hello\nben: nobody hears me\n");
      },
    );

    endToEnd(
      "a silent connection is reported, and messages sent meanwhile arrive when it works again",
      async () => {
        await using server = await openProcess(["--bind", "127.0.0.1"]);
        await using client = charla([server.invitation, "-n", "ben"]);
        client.type("hello\n");
        await server.until("stdout", "hello\n");
        server.signal("SIGSTOP");
        const meanwhile = Array.from({ length: 20 }, (_, index) => `while you slept ${index}\n`);
        client.type(meanwhile.join(""));
        await client.until("stderr", /^no contact for \d+ s$/m);
        server.signal("SIGCONT");
        await client.until("stderr", /^in contact again after \d+ s$/m);
        client.type("bye\n");
        client.endInput();
        expect(await client.exited).toBe(0);
        await server.until("stdout", "bye\n");
        expect(server.stdout).toBe(`ben: ${["hello\n", ...meanwhile, "bye\n"].join("ben: ")}`);
      },
    );
  });
}
