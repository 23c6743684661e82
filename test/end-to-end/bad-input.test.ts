// Mistakes of people and of peers: each is reported in one clear sentence with a hint, the exit status is right,
// and no message is lost (docs/errors.md).

import { describe, expect } from "bun:test";
import { createSocket } from "node:dgram";

import { charla, runCharla } from "../harness/in-process.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { MAIN, type Program, start } from "../harness/program.ts";
import { PLAIN, type Wire, WIRES } from "../harness/wires.ts";

/** Sends raw datagrams, which need not be UTF-8. */
async function sendDatagrams(port: number, ...datagrams: Uint8Array[]): Promise<void> {
  const socket = createSocket("udp4");
  for (const datagram of datagrams) {
    await new Promise((resolve) => socket.send(datagram, port, "127.0.0.1", resolve));
  }
  await new Promise<void>((resolve) => socket.close(resolve));
}

/** A shell pipeline in which "$0" "$1" is charla; it runs in the foreground of a shell of its own. */
function charlaPipeline(script: string): Program {
  return start(["sh", "-c", script, process.execPath, MAIN]);
}

async function startServer(wire: Wire) {
  const server = charla([...wire.server, "--port", "0"]);
  const [, port = ""] = await server.until("stderr", /listening on \S*:(\d+)/);
  return { server, port: Number(port) };
}

describe("the command line", () => {
  const wrong: [args: string[], message: string, hint: string][] = [
    [
      ["--server", "--port", "65536"],
      'charla: "65536" is not a port',
      "hint: give a whole number from 0 (any free port) to 65535",
    ],
    [
      ["receive", "-p", "-1"],
      'charla: "-1" is not a port',
      "hint: give a whole number from 0 (any free port) to 65535",
    ],
    [
      ["localhost:0"],
      'charla: "0" is not a port',
      "hint: give a whole number from 1 to 65535, or none for 12345",
    ],
    [
      ["send", "--to", "[::1]:99999", "x"],
      'charla: "99999" is not a port',
      "hint: give a whole number from 1 to 65535, or none for 12345",
    ],
    ...[[""], ["  "], ["", " "]].map((blank): [string[], string, string] => [
      ["send", ...blank],
      "charla: there is nothing to send: the message is blank",
      "hint: write it behind charla send; without one, each line of stdin is sent",
    ]),
    [["--sever"], "charla: there is no option --sever", "hint: did you mean --server?"],
    [["-z"], "charla: there is no option -z", "hint: charla --help lists the options"],
    [
      ["send", "--server"],
      "charla: --server does not go with charla send",
      "hint: it goes with a conversation",
    ],
    [["receive", "--port"], "charla: --port needs a value", "hint: see charla receive --help"],
    [["--server=yes"], "charla: --server takes no value", "hint: see charla --server --help"],
    [
      ["--server", "example.org"],
      'charla: --server opens a conversation here, and "example.org" is a host to join',
      "hint: leave one of them out; --bind ADDRESS chooses where to listen",
    ],
    [
      ["one", "two"],
      "charla: one host can be joined, not 2",
      "hint: to send a message without joining: charla send TEXT",
    ],
    [["sned", "hi"], 'charla: there is no command "sned"', "hint: did you mean charla send?"],
    [
      ["help", "send"],
      'charla: there is no command "help"',
      "hint: did you mean charla send --help?",
    ],
    [["help", "me"], 'charla: there is no command "help"', "hint: did you mean charla --help?"],
    [
      ["join", "lunch"],
      'charla: there is no command "join"',
      "hint: /join is typed in a conversation, which charla joins",
    ],
    [
      ["-p", "5", "localhost"],
      "charla: --port goes with --server",
      "hint: to join at another port write HOST:PORT",
    ],
    [
      ["not a host"],
      'charla: "not a host" is not an address',
      "hint: write HOST, HOST:PORT or, for IPv6, [ADDRESS]:PORT",
    ],
    [
      ["receive", "--bind", "nowhere"],
      'charla: "nowhere" is not an address to listen on',
      "hint: give an IP address of this machine, such as 127.0.0.1 or ::1",
    ],
  ];
  for (const [args, message, hint] of wrong) {
    endToEnd(`charla ${args.join(" ")} ends with status 2 and says why`, async () => {
      const ended = await runCharla(args);
      expect(ended).toEqual({ stdout: "", stderr: `${message}\n${hint}\n`, status: 2 });
    });
  }
});

describe("the network", () => {
  endToEnd("an unknown host is reported with its name (RFC 6761 s. 6.4)", async () => {
    expect(await runCharla(["no-such-host.invalid"])).toEqual({
      stdout: "",
      stderr:
        'charla: unknown host "no-such-host.invalid"\n' +
        "hint: check the spelling, or give its IP address\n",
      status: 1,
    });
  });

  endToEnd("a mistyped command is read as a host, and the hint suggests the command", async () => {
    const ended = await runCharla(["recieve"]);
    expect(ended.stderr).toEndWith("hint: did you mean charla receive?\n");
    expect(ended.status).toBe(1);
    for (const [written, hint] of [
      ["hist", "did you mean charla history?"],
      ["rooms", "/rooms is typed in a conversation, which charla joins"],
      ["help", "did you mean charla --help?"],
      ["tom", "check the spelling, or give its IP address"],
    ] as const) {
      const other = await runCharla([written]);
      expect(other.stderr).toEndWith(`hint: ${hint}\n`);
      expect(other.status).toBe(1);
    }
  });

  for (const wire of WIRES) {
    endToEnd(
      `a port in use is reported with a hint, by receive and by a ${wire.wire} server`,
      async () => {
        const { server, port } = await startServer(wire);
        await using _ = server;
        for (const command of [["receive"], wire.server]) {
          expect(await runCharla([...command, "--port", String(port)])).toEqual({
            stdout: "",
            stderr:
              `charla: port ${port} is in use by another program\n` +
              "hint: choose another port with --port N, or --port 0 for any free one\n",
            status: 1,
          });
        }
      },
    );
  }

  endToEnd("an address that this machine doesn't have is reported (RFC 5737)", async () => {
    const ended = await runCharla(["receive", "--bind", "192.0.2.77", "--port", "0"]);
    expect(ended.stderr).toStartWith("charla: 192.0.2.77:0 cannot be used:");
    expect(ended.status).toBe(1);
  });

  endToEnd("charla send reports that no program is listening (ICMP port unreachable)", async () => {
    const port = await reservePort();
    expect(await runCharla(["send", "--to", `127.0.0.1:${port}`, "hello?"])).toEqual({
      stdout: "",
      stderr:
        `charla: no program is listening at 127.0.0.1:${port}\n` +
        "hint: start charla receive there first; charla send --to INVITATION sends to a room\n",
      status: 1,
    });
  });

  endToEnd(
    "a client reports that no program is listening after its first message, over IPv6 too",
    async () => {
      const port = await reservePort();
      const ended = await runCharla(["--plain", `[::1]:${port}`], { input: "hello?\n" });
      expect(ended.stderr).toContain(`charla: no program is listening at [::1]:${port}\n`);
      expect(ended.status).toBe(1);
    },
  );

  endToEnd(
    "messages that a client could not send are listed with the one error that stopped it",
    async () => {
      const port = await reservePort();
      const ended = await runCharla(["--plain", "--turns", `127.0.0.1:${port}`], {
        input: "one\ntwo\nthree\n",
      });
      expect(ended.stderr).toEndWith(
        "not your turn yet; waiting: two\n" +
          "charla: the input was not sent from line 3 on\nhint: send it again from there\n" +
          "the conversation is over: the other end can't be reached\n" +
          "not sent: two\n" +
          `charla: no program is listening at 127.0.0.1:${port}\n` +
          "hint: start charla --server there first; on the plain wire, charla receive\n",
      );
      expect(ended.status).toBe(1);
      const quick = await runCharla(["--plain", "-q", `127.0.0.1:${port}`], {
        input: "one\ntwo\nthree\n",
      });
      expect(quick.stderr.split("no program is listening")).toHaveLength(2);
    },
  );

  for (const wire of WIRES) {
    endToEnd(
      `a ${wire.wire} server on every address can be joined at [::] from its own machine`,
      async () => {
        const { server, port } = await startServer(wire);
        await using _ = server;
        await using client = charla([...wire.client, `[::]:${port}`]);
        client.type("hello\n");
        await server.until("stdout", "hello\n");
        server.type("welcome\n");
        await client.until("stdout", "welcome\n");
      },
    );
  }

  endToEnd("with --json an error is also an event with its code", async () => {
    const port = await reservePort();
    const ended = await runCharla(["send", "--json", "--to", `127.0.0.1:${port}`, "hello?"]);
    expect(JSON.parse(ended.stdout.trimEnd().split("\n").at(-1) ?? "")).toEqual({
      type: "error",
      code: "NOBODY_LISTENING",
      message: `no program is listening at 127.0.0.1:${port}`,
      hint: "start charla receive there first; charla send --to INVITATION sends to a room",
    });
    expect(ended.status).toBe(1);
  });
});

describe("messages", () => {
  endToEnd(
    "a message of 65,507 bytes is sent, and one of 65,508 is refused (RFC 768)",
    async () => {
      await using receiver = charla(["receive", "--port", "0"]);
      const [, port = ""] = await receiver.until("stderr", /\[::\]:(\d+)/);
      const to = ["send", "--to", `127.0.0.1:${port}`];
      expect(await runCharla(to, { input: `${"x".repeat(65_508)}\n` })).toEqual({
        stdout: "",
        stderr:
          "charla: line 1 of the input is 65,508 bytes long; a message can have at most 65,507\n" +
          "hint: split it into several lines\n",
        status: 1,
      });
      expect((await runCharla(to, { input: `${"x".repeat(65_507)}\n` })).status).toBe(0);
      expect(await receiver.exited).toBe(0);
      expect(receiver.stdout).toBe(`${"x".repeat(65_507)}\n`);
    },
  );

  for (const wire of WIRES) {
    endToEnd(
      `a line that cannot be sent on the ${wire.wire} wire is reported, and the others are sent`,
      async () => {
        const { server, port } = await startServer(wire);
        await using _ = server;
        const input = Buffer.concat([
          Buffer.from("before\n"),
          Buffer.from([0xe9, 0x0a]),
          Buffer.from("after\n"),
        ]);
        const ended = await runCharla([...wire.client, `127.0.0.1:${port}`, "-q"], { input });
        expect(ended.stderr).toBe(
          "charla: line 2 of the input is not UTF-8 text\n" +
            "hint: convert it first, for instance: iconv -f latin1 -t utf-8\n",
        );
        expect(ended.status).toBe(1);
        const { fromClient } = wire;
        await server.until("stdout", `${fromClient}before\n${fromClient}after\n`);
      },
    );
  }

  endToEnd(
    "bytes that are not UTF-8 are printed as U+FFFD, and an empty datagram as an empty line",
    async () => {
      const { server, port } = await startServer(PLAIN);
      await using _ = server;
      await sendDatagrams(
        port,
        Buffer.from([0x61, 0xff, 0x62]), // a, a byte that is never in UTF-8, b (RFC 3629 s. 3)
      );
      await server.until("stdout", "a\u{fffd}b\n");
      await using client = charla(["receive", "--port", "0", "--json"]);
      const [, other = ""] = await client.until("stdout", /\[::\]:(\d+)/);
      await sendDatagrams(Number(other), new Uint8Array(0));
      expect(await client.exited).toBe(0);
      expect(client.stdout).toContain('"text":""');
    },
  );

  endToEnd(
    "control characters and escape sequences are printed visibly and have no effect",
    async () => {
      await using receiver = charla(["receive", "--port", "0"]);
      const [, port = ""] = await receiver.until("stderr", /\[::\]:(\d+)/);
      // Red text, a window title (OSC 0), a C1 control sequence introducer, a bell, a carriage return.
      const hostile = "\x1b[31mred\x1b]0;title\x07 \u009b2J \x07 over\rwritten";
      await sendDatagrams(Number(port), Buffer.from(hostile));
      expect(await receiver.exited).toBe(0);
      expect(receiver.stdout).toBe("^[[31mred^[]0;title^G \\u{9b}2J ^G over^Mwritten\n");
    },
  );

  endToEnd("datagrams from a third address are ignored and counted", async () => {
    const { server, port } = await startServer(PLAIN);
    await using _ = server;
    await using client = charla(["--plain", `127.0.0.1:${port}`]);
    client.type("I was first\n");
    await server.until("stdout", "I was first\n");
    await sendDatagrams(port, ...Array.from({ length: 10 }, () => Buffer.from("let me in")));
    await server.until("stderr", /ignored a datagram from 127\.0\.0\.1:\d+/);
    await server.until("stderr", /ignored 10 datagrams so far, the last from 127\.0\.0\.1:\d+/);
    client.type("still here\nbye\n");
    expect(await server.exited).toBe(0);
    expect(server.stdout).toBe("I was first\nstill here\nbye\n");
  });
});

/** Sends messages until the pipeline has ended: a program notices a closed pipe only when it writes. */
async function sendUntilEnd(client: Program, pipeline: Program): Promise<void> {
  let over = false;
  void pipeline.exited.then(() => (over = true));
  while (!over) {
    client.type("anyone?\n");
    await Bun.sleep(20);
  }
}

for (const wire of WIRES) {
  const server = `"$0" "$1" ${wire.server.join(" ")} --port 0`;

  /** Joins at the port that `pattern` finds on the pipeline's `stream`. */
  async function joinPipeline(
    pipeline: Program,
    stream: "stdout" | "stderr",
    pattern: RegExp,
  ): Promise<Program> {
    const [, port = ""] = await pipeline.until(stream, pattern);
    return charla([...wire.client, "-q", `127.0.0.1:${port}`]);
  }

  describe(`the standard streams of a ${wire.wire} conversation`, () => {
    endToEnd(
      "when stdout is closed (| head -1) charla ends with status 0, and reports nothing",
      async () => {
        await using pipeline = charlaPipeline(`(${server}; echo "status=$?" >&2) | head -1`);
        await using client = await joinPipeline(pipeline, "stderr", /listening on \S*:(\d+)/);
        client.type("one\n");
        await pipeline.until("stdout", "one\n");
        const { stderr } = pipeline;
        await sendUntilEnd(client, pipeline);
        expect(pipeline.stdout).toBe(`${wire.fromClient}one\n`);
        expect(pipeline.stderr).toBe(`${stderr}status=0\n`);
      },
    );

    endToEnd("when stdout cannot be written charla reports it and ends with status 1", async () => {
      await using pipeline = charlaPipeline(`${server} >/dev/full`);
      await using client = await joinPipeline(pipeline, "stderr", /listening on \S*:(\d+)/);
      client.type("hello\n");
      expect(await pipeline.exited).toBe(1);
      expect(pipeline.stderr).toContain("charla: cannot write to stdout: ENOSPC");
    });

    endToEnd("when stdout and stderr are both closed, charla still ends", async () => {
      await using pipeline = charlaPipeline(`${server} --json 2>&1 | grep -m 1 listening`);
      await using client = await joinPipeline(pipeline, "stdout", /"\[::\]:(\d+)"/);
      await sendUntilEnd(client, pipeline);
      expect(await pipeline.exited).toBe(0);
    });

    endToEnd(
      "when stdin is closed a client leaves at once, and a server goes on serving",
      async () => {
        await using opened = charlaPipeline(`exec ${server} <&-`);
        const [, port = ""] = await opened.until("stderr", /listening on \S*:(\d+)/);
        await using joined = charlaPipeline(
          `"$0" "$1" ${wire.client.join(" ")} -q 127.0.0.1:${port} <&-`,
        );
        expect(await joined.exited).toBe(0);
        expect({ stdout: joined.stdout, stderr: joined.stderr }).toEqual({
          stdout: "",
          stderr: "",
        });
        await using client = charla([...wire.client, "-v", `127.0.0.1:${port}`]);
        client.type("still there?\n");
        // A sealed server without input is no member, so it prints no messages.
        if (wire === PLAIN) await opened.until("stdout", "still there?\n");
        else await client.until("stderr", "delivered: still there?\n");
        opened.signal("SIGTERM");
        expect(await opened.exited).toBe(0);
      },
    );
  });
}

describe("the standard streams of charla receive", () => {
  endToEnd("when stdout cannot be written charla reports it and ends with status 1", async () => {
    await using receiver = charlaPipeline(`"$0" "$1" receive --port 0 >/dev/full`);
    const [, port = ""] = await receiver.until("stderr", /\[::\]:(\d+)/);
    await sendDatagrams(Number(port), Buffer.from("hello"));
    expect(await receiver.exited).toBe(1);
    expect(receiver.stderr).toContain("charla: cannot write to stdout: ENOSPC");
  });

  endToEnd("receive --reply reports that stdin has no line for the reply", async () => {
    await using receiver = charla(["receive", "--port", "0", "--reply"], { input: "" });
    const [, port = ""] = await receiver.until("stderr", /\[::\]:(\d+)/);
    await sendDatagrams(Number(port), Buffer.from("question"));
    expect(await receiver.exited).toBe(2);
    expect(receiver.stdout).toBe("question\n");
    expect(receiver.stderr).toContain("charla: there is no reply to send: stdin ended\n");
  });
});
