// `charla send --to INVITATION`: single messages to a room, which end only when they are delivered, and their
// answers.

import { describe, expect, test } from "bun:test";

import { charla, runCharla } from "../harness/in-process.ts";
import { freeUdpPort, LOOPBACKS } from "../harness/loopback.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { startSealedServer } from "../harness/sealed-server.ts";

function endToEnd(title: string, body: () => Promise<void>): void {
  test(title, body, END_TO_END_TIMEOUT);
}

for (const host of LOOPBACKS) {
  describe(`over ${host}`, () => {
    endToEnd("charla send delivers one message and prints nothing", async () => {
      await using server = await startSealedServer(["--bind", host]);
      const invited = ["--to", server.invitation, "-n", "ben"];
      const sent = await runCharla(["send", ...invited, "good", "morning 👋"]);
      expect(sent).toEqual({ stdout: "", stderr: "", status: 0 });
      await server.until("stdout", "good morning 👋\n");
      await server.until("stderr", /^ben left$/m);
      expect(server.stdout).toBe("ben: good morning 👋\n");
    });

    endToEnd("with --reply the answer and its author are printed", async () => {
      await using server = await startSealedServer(["--bind", host]);
      await using sender = charla(["send", "--reply", "--to", server.invitation, "how are you?"]);
      await server.until("stdout", "how are you?\n");
      server.type("fine, thanks\n");
      expect(await sender.exited).toBe(0);
      expect(sender.stdout).toBe("fine, thanks\n");
      expect(sender.stderr).toBe("from ana\n");
    });
  });
}

endToEnd("1,000 lines of stdin, empty ones too, arrive as messages in order", async () => {
  await using server = await startSealedServer();
  const lines = ["", ...Array.from({ length: 999 }, (_, index) => `line ${index + 1}`)];
  const sending = ["send", "--to", server.invitation, "-n", "ben"];
  const sent = await runCharla(sending, { input: lines.join("\n") });
  expect(sent).toEqual({ stdout: "", stderr: "", status: 0 });
  await server.until("stdout", "line 999\n");
  expect(server.stdout).toBe(lines.map((line) => `ben: ${line}\n`).join(""));
});

endToEnd("with --reply each line of stdin waits for its answer", async () => {
  await using server = await startSealedServer();
  await using sender = charla(["send", "--reply", "-q", "-n", "ben", "--to", server.invitation], {
    input: "one\ntwo\n",
  });
  await server.until("stdout", "one\n");
  server.type("ONE\n");
  await server.until("stdout", "ben: one\nben: two\n");
  expect(sender.stdout).toBe("ONE\n");
  server.type("TWO\n");
  expect(await sender.exited).toBe(0);
  expect(sender.stdout).toBe("ONE\nTWO\n");
  expect(sender.stderr).toBe("");
});

endToEnd("a server that leaves without an answer is reported with status 1", async () => {
  await using server = await startSealedServer();
  await using sender = charla(["send", "--reply", "--to", server.invitation, "how are you?"]);
  await server.until("stdout", "how are you?\n");
  server.signal("SIGTERM");
  expect(await sender.exited).toBe(1);
  expect(sender.stdout).toBe("");
  expect(sender.stderr).toBe(
    "charla: the server left without an answer\n" +
      "hint: send the message again, or without --reply\n",
  );
});

endToEnd(
  "charla send reports an unreachable server and a wrong invitation, and sends nothing",
  async () => {
    await using server = await startSealedServer(["--bind", "127.0.0.1"]);
    const port = await freeUdpPort();
    const nowhere = server.invitation.replace(`:${server.port}/`, `:${port}/`);
    const [unreached, refused] = await Promise.all([
      runCharla(["send", "--to", nowhere, "a secret"]),
      runCharla(["send", "--to", server.invitation.replace(/[^.]*$/, "A".repeat(22)), "a secret"]),
    ]);
    expect(unreached.stderr).toStartWith(
      `charla: no program is listening at 127.0.0.1:${port}\nhint: `,
    );
    expect(refused.stderr).toContain("does not take this invitation\nhint: ");
    expect([unreached.status, refused.status]).toEqual([1, 1]);
    expect(server.stdout).toBe("");
  },
);

endToEnd("with --json sent messages and answers are events on stdout", async () => {
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  await using sender = charla(["send", "--json", "--reply", "--to", server.invitation, "how?"]);
  await server.until("stdout", "how?\n");
  server.type("fine\n");
  expect(await sender.exited).toBe(0);
  const events = sender.stdout.trimEnd().split("\n");
  expect(events.map((line) => JSON.parse(line))).toEqual([
    { type: "said", text: "how?" },
    { type: "message", from: "ana", text: "fine" },
  ]);
});
