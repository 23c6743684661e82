// `charla send --to INVITATION`: single messages to a room, which end only when they are delivered, and their
// answers.

import { describe, expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { ownIdentity } from "../../src/identity/private-files.ts";
import { join } from "../../src/index.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { open } from "../../src/server.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { LOOPBACKS } from "../harness/loopback.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { CHARLA, run } from "../harness/program.ts";
import { startSealedServer, startSealedServerProcess } from "../harness/sealed-server.ts";

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

endToEnd("a message under a name that is taken says under which one it was sent", async () => {
  await using server = await startSealedServer(["--bind", "127.0.0.1", "--name", "eva"]);
  const sending = ["send", "--to", server.invitation, "--name", "eva", "hello"];
  const sent = await runCharla(sending);
  expect(sent).toEqual({
    stdout: "",
    stderr:
      'sending as eva-2: the name "eva" is taken\n' +
      "hint: a name belongs to the key that had it first; choose another with --name\n",
    status: 0,
  });
  await server.until("stdout", "eva-2: hello\n");
  const asJson = await runCharla([...sending, "--json"]);
  expect(asJson.stdout).toContain('{"type":"notice","code":"NAME_TAKEN",');
});

endToEnd("1,000 lines of stdin, empty ones too, arrive as messages in order", async () => {
  await using server = await startSealedServer();
  const lines = ["", ...Array.from({ length: 999 }, (_, index) => `line ${index + 1}`)];
  const sending = ["send", "--to", server.invitation, "-n", "ben"];
  const sent = await runCharla(sending, { input: lines.join("\n") });
  expect(sent).toEqual({ stdout: "", stderr: "", status: 0 });
  await server.until("stdout", "line 999\n");
  expect(server.stdout).toBe(lines.map((line) => `ben: ${line}\n`).join(""));
});

endToEnd(
  "every line of stdin is a message, also one that is a command where it is typed",
  async () => {
    await using server = await startSealedServer(["--bind", "127.0.0.1"]);
    const input = "L1\nbye\n/quit\n//two\n/me waves\n/nonsense\nL7\n";
    const sent = await runCharla(["send", "-n", "ben", "--to", server.invitation], { input });
    expect(sent).toEqual({ stdout: "", stderr: "", status: 0 });
    await server.until("stdout", "L7\n");
    expect(server.stdout).toBe(
      "ben: L1\nben: bye\nben: /quit\nben: //two\n* ben waves\nben: /nonsense\nben: L7\n",
    );
  },
);

endToEnd("a line that fails ends the input, and what was not stored is named", async () => {
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  const to = ["send", "-n", "ben", "--to", server.invitation];
  const long = "x".repeat(10_001);
  const ended = await runCharla(to, { input: `L1\nL2\n${long}\nL4\n` });
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain(
    "charla: line 3 was not sent: the message is 10,001 characters long; one may have 10,000\n",
  );
  await server.until("stderr", "ben left\n");
  const stored = server.stdout;
  expect(stored).toStartWith("ben: L1\nben: L2\n");
  // The fourth may have been on its way already: then it is stored, and not named.
  expect(ended.stderr.includes("the input was not sent from line 3 on\n")).toBe(
    stored === "ben: L1\nben: L2\n",
  );

  const longer = await runCharla([...to, "-q"], { input: "x".repeat(70_000) });
  expect(longer.stderr).toEndWith(
    "charla: line 1 of the input is 70,000 bytes long; a message can have at most 10,000 characters\n" +
      "hint: split it into several lines\n",
  );
  const piped = await runCharla([server.invitation, "-n", "ben", "-q"], {
    input: "x".repeat(70_000),
  });
  expect(piped.stderr).toContain("a message can have at most 10,000 characters\n");

  const bytes = Buffer.from("L5\n\u00ff\nL7\n", "latin1");
  const broken = await runCharla([...to, "--json"], { input: bytes });
  expect(broken.status).toBe(1);
  const events = broken.stdout.trimEnd().split("\n");
  expect(events.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ type: "notice", code: "NAME_TAKEN" }),
    { type: "said", text: "L5" },
    expect.objectContaining({ type: "error", code: "NOT_UTF8" }),
    expect.objectContaining({
      type: "error",
      code: "INPUT_NOT_SENT",
      message: "the input was not sent from line 2 on",
    }),
  ]);
  const inWords = await runCharla([...to, "-q"], { input: bytes });
  expect(inWords.stderr).toEndWith(
    "charla: line 2 of the input is not UTF-8 text\n" +
      "hint: convert it first, for instance: iconv -f latin1 -t utf-8\n" +
      "charla: the input was not sent from line 2 on\n" +
      "hint: send it again from there\n",
  );
  await server.until("stdout", "L5\n");
  expect(server.stdout).not.toContain("L7");
});

for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  endToEnd(`${signal} names the lines that are not known to be stored`, async () => {
    await using server = await startSealedServerProcess(["--bind", "127.0.0.1"]);
    await using sender = charla(["send", "--to", server.invitation, "-v"]);
    sender.type("L1\n");
    await sender.until("stderr", "sent: L1\n");
    server.signal("SIGSTOP");
    sender.type("L2\nL3\n");
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
    sender.signal(signal);
    expect(await sender.exited).toBe(status);
    expect(sender.stderr).toBe(
      "sent: L1\nmay not have been delivered: L2\nmay not have been delivered: L3\n",
    );
  });
}

endToEnd("a refusal is the error, with what to do about it", async () => {
  const identity = generateKeyPair(randomBytes(32));
  await using server = await open({ bind: "127.0.0.1", identity });
  const invitation = server.invitation("main");
  await using owner = join(invitation, { name: "ana", identity });
  const ben = ["send", "--to", invitation, "-n", "ben"];
  using person = newPerson();
  await using there = charla([invitation, "-n", "ben"], { as: person });
  await there.until("stderr", "you are ben");

  await owner.mute("ben", true);
  const muted = await runCharla(ben, { as: person, input: "L1\nL2\n" });
  expect(muted.status).toBe(1);
  expect(muted.stderr).toContain(
    "line 1 was not sent: you are muted in main\nhint: only the owner or an operator can /unmute you\n",
  );

  await owner.lock(true);
  expect(await runCharla(["send", "--to", invitation, "L3"])).toEqual({
    stdout: "",
    stderr: "charla: main is locked\nhint: ask its owner to unlock it\n",
    status: 1,
  });
  await owner.lock(false);
  await owner.ban("ben");
  const banned = await runCharla([...ben, "L4"], { as: person });
  expect(banned.status).toBe(1);
  expect(banned.stderr).toStartWith("charla: you are banned from this server\nhint: ask the owner");
  const limited = await owner.invite({ uses: 1 });
  expect((await runCharla(["send", "--to", limited, "L5"])).status).toBe(0);
  const spent = await runCharla(["send", "--to", limited, "L6"]);
  expect(spent.status).toBe(1);
  expect(spent.stderr).toContain("does not take this invitation\nhint: it may be used up");
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

endToEnd("a conversation that is closed without an answer is reported with status 1", async () => {
  using ana = newPerson();
  await using server = await startSealedServer([], { as: ana });
  await using sender = charla(["send", "--reply", "--to", server.invitation, "how are you?"]);
  await server.until("stdout", "how are you?\n");
  const { keyPair: identity } = ownIdentity(ana.env);
  const owner = join(server.invitation, { name: "ana", identity });
  for await (const { type } of owner.events) if (type === "entered") break;
  await owner.close();
  expect(await sender.exited).toBe(1);
  expect(sender.stdout).toBe("");
  expect(sender.stderr).toBe(
    "charla: ana closed the conversation\nhint: it is over for everybody; ask them for the next one\n",
  );
});

endToEnd(
  "charla send reports an unreachable server and a wrong invitation, and sends nothing",
  async () => {
    await using server = await startSealedServer(["--bind", "127.0.0.1"]);
    const port = await reservePort();
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

for (const command of [[], ["send", "--to"]]) {
  endToEnd(
    `no line is lost where nobody reads the events any more: charla ${command.join(" ")}`,
    async () => {
      await using server = await startSealedServer(["--bind", "127.0.0.1"]);
      const lines = Array.from({ length: 2_000 }, (_, index) => `line ${index + 1}`);
      const program = [...CHARLA, ...command, server.invitation, "-n", "ben", "--json"];
      const ended = await run(["bash", "-c", 'set -o pipefail; "$@" | head -1', "-", ...program], {
        input: lines.join("\n"),
      });
      await server.until("stderr", "ben left\n");
      const next = Number(/was not sent from line (\d+) on\n/.exec(ended.stderr)?.[1]);
      expect(server.stdout).toBe(
        lines
          .map((line) => `ben: ${line}\n`)
          .slice(0, next - 1)
          .join(""),
      );
      expect(ended.stderr).not.toContain("may not have been delivered");
      expect(ended.status).toBe(1);
    },
  );
}
