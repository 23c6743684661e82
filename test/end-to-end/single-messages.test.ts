// `charla send` and `charla receive` on the plain wire with ncat, Python and charla itself (docs/protocol.md s. 2).

import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { charla, runCharla } from "../harness/in-process.ts";
import { hostAndPort, LOOPBACKS } from "../harness/loopback.ts";
import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import {
  charla as startProcess,
  root,
  run,
  runCharla as runProcess,
  start,
} from "../harness/program.ts";

const python = (script: string, ...args: string[]) => [
  "python3",
  join(root, "test/peers", `${script}.py`),
  ...args,
];

/** Starts `charla receive` on a free port and waits until it listens there. */
async function startReceiver(args: readonly string[] = [], start = charla) {
  const receiver = start(["receive", "--port", "0", ...args]);
  const [, port = ""] = await receiver.until("stderr", /listening on \[::\]:(\d+)/);
  return { receiver, port };
}

for (const host of LOOPBACKS) {
  describe(`over ${host}`, () => {
    testWith(["ncat"], "charla receive prints what ncat sends, and its address", async () => {
      const { receiver, port } = await startReceiver();
      await using _ = receiver;
      await run(["ncat", "--udp", "--send-only", host, port], { input: "hello\n" });
      expect(await receiver.exited).toBe(0);
      expect(receiver.stdout).toBe("hello\n");
      const from = host === "::1" ? String.raw`\[::1\]` : "127\\.0\\.0\\.1";
      expect(receiver.stderr).toMatch(new RegExp(`^from ${from}:\\d+$`, "m"));
    });

    testWith(["ncat"], "ncat prints what charla send sends", async () => {
      const port = String(await reservePort());
      await using ncat = start(["ncat", "-v", "--udp", "--listen", host, port]);
      await ncat.until("stderr", /Listening on/);
      const sent = await runCharla(["send", "--to", hostAndPort(host, port), "hello"]);
      expect(sent).toEqual({ stdout: "", stderr: "", status: 0 });
      await ncat.until("stdout", "hello");
      expect(ncat.stdout).toBe("hello");
    });

    testWith(["python3"], "charla receive prints what Python sends, and answers it", async () => {
      const { receiver, port } = await startReceiver(["--reply=got it, ñandú"]);
      await using _ = receiver;
      const peer = await run(python("send", host, port, "héllo 👋", "1"));
      expect(peer.stdout).toBe("got it, ñandú\n");
      expect(await receiver.exited).toBe(0);
      expect(receiver.stdout).toBe("héllo 👋\n");
    });

    testWith(
      ["python3"],
      "Python prints what charla send sends, and charla prints the answer",
      async () => {
        await using peer = start(python("receive", host, "1"));
        const [, port = ""] = await peer.until("stdout", /port (\d+)/);
        const sent = await runCharla([
          "send",
          "--to",
          hostAndPort(host, port),
          "--reply",
          "héllo 👋",
        ]);
        expect(sent.stdout).toBe("HÉLLO 👋\n");
        expect(sent.status).toBe(0);
        await peer.exited;
        expect(peer.stdout).toEndWith("heard héllo 👋\n");
      },
    );

    test(
      "charla receive prints what charla send sends",
      async () => {
        const { receiver, port } = await startReceiver([], startProcess);
        await using _ = receiver;
        const sent = await runProcess(["send", "--to", hostAndPort(host, port), "good", "morning"]);
        expect(sent).toEqual({ stdout: "", stderr: "", status: 0 });
        expect(await receiver.exited).toBe(0);
        expect(receiver.stdout).toBe("good morning\n");
      },
      END_TO_END_TIMEOUT,
    );
  });
}

testWith(["python3"], "each line of stdin is sent as a message, empty ones too", async () => {
  await using peer = start(python("receive", "127.0.0.1", "3"));
  const [, port = ""] = await peer.until("stdout", /port (\d+)/);
  const sent = await runCharla(["send", "--to", `127.0.0.1:${port}`], { input: "one\n\ntwo" });
  expect(sent).toEqual({ stdout: "", stderr: "", status: 0 });
  await peer.exited;
  expect(peer.stdout).toEndWith("heard one\nheard \nheard two\n");
});

testWith(
  ["python3"],
  "with --reply each line of stdin is sent after the answer to the one before",
  async () => {
    await using peer = start(python("receive", "::1", "2"));
    const [, port = ""] = await peer.until("stdout", /port (\d+)/);
    const sent = await runCharla(["send", "--to", `[::1]:${port}`, "--reply", "-q"], {
      input: "one\ntwo\n",
    });
    expect(sent).toEqual({ stdout: "ONE\nTWO\n", stderr: "", status: 0 });
  },
);

test(
  "receive --reply without a text answers with a line of stdin",
  async () => {
    const { receiver, port } = await startReceiver(["--reply"]);
    await using _ = receiver;
    await using sender = charla(["send", "--to", `127.0.0.1:${port}`, "--reply", "question"]);
    await receiver.until("stdout", "question");
    receiver.type("answer\n");
    expect(await sender.exited).toBe(0);
    expect(sender.stdout).toBe("answer\n");
    expect(await receiver.exited).toBe(0);
  },
  END_TO_END_TIMEOUT,
);

test(
  "with --json every event is a JSON object on a line of stdout",
  async () => {
    await using receiver = charla(["receive", "--port", "0", "--json", "--reply=fine"]);
    const [, port = ""] = await receiver.until("stdout", /\[::\]:(\d+)/);
    const sent = await runCharla([
      "send",
      "--json",
      "--reply",
      "--to",
      `127.0.0.1:${port}`,
      "how?",
    ]);
    expect(
      sent.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { type: "said", text: "how?" },
      { type: "message", from: `127.0.0.1:${port}`, text: "fine" },
    ]);
    expect(await receiver.exited).toBe(0);
    expect(
      receiver.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { type: "listening", address: `[::]:${port}` },
      { type: "message", from: expect.stringMatching(/^127\.0\.0\.1:\d+$/), text: "how?" },
      { type: "said", text: "fine" },
    ]);
    expect(receiver.stderr).toBe("");
  },
  END_TO_END_TIMEOUT,
);

test(
  "Ctrl-C ends a waiting receive with status 130",
  async () => {
    const { receiver } = await startReceiver([], startProcess);
    await using _ = receiver;
    receiver.signal("SIGINT");
    expect(await receiver.exited).toBe(130);
  },
  END_TO_END_TIMEOUT,
);
