// One end sealed and the other plain: each charla reports it once in a sentence, and prints no sealed bytes on
// stdout (docs/protocol.md s. 6).

import { describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";

import { charla, runCharla } from "../harness/in-process.ts";
import { hostAndPort, type Loopback, LOOPBACKS_TRIED } from "../harness/loopback.ts";
import { endToEnd, testWith } from "../harness/peer-programs.ts";
import { type Program, start } from "../harness/program.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";
import { PLAIN } from "../harness/wires.ts";
import { openBareSocket } from "../net/sockets.ts";

const NOT_SEALED = "does not speak the sealed wire, and was ignored";

/** How often `what` is in a program's stderr. */
const times = ({ stderr }: Program, what: string) => stderr.split(what).length - 1;

interface CountingSocket extends AsyncDisposable {
  readonly port: number;
  /** The length of each received datagram in bytes. */
  readonly received: number[];
  readonly datagrams: Buffer[];
  send(datagram: Uint8Array, port: string): void;
}

/** A socket that records what it receives. */
async function openCountingSocket(host: Loopback): Promise<CountingSocket> {
  const socket = createSocket(host === "::1" ? "udp6" : "udp4");
  const datagrams: Buffer[] = [];
  socket.on("message", (datagram) => datagrams.push(datagram));
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  return {
    port: socket.address().port,
    datagrams,
    get received() {
      return datagrams.map(({ length }) => length);
    },
    send: (datagram, port) => socket.send(datagram, Number(port), host),
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

/** The first datagram of a client. */
async function captureHello(host: Loopback): Promise<Uint8Array> {
  await using listening = await openCountingSocket(host);
  await using _client = charla([hostAndPort(host, String(listening.port))]);
  await until("a hello", () => listening.datagrams.length > 0);
  return listening.datagrams[0] ?? new Uint8Array(0);
}

/** Checks that a client still can join and send, and that the server has printed nothing else. */
async function expectServing(server: Program & { invitation: string }): Promise<void> {
  const said = await runCharla([server.invitation, "-q", "-n", "ben"], { input: "hello\n" });
  expect(said).toEqual({ stdout: "", stderr: "", status: 0 });
  await server.until("stdout", "hello\n");
  expect(server.stdout).toBe("ben: hello\n");
}

for (const host of LOOPBACKS_TRIED) {
  describe(`over ${host}`, () => {
    endToEnd(
      "a plain client of a sealed server reports the other wire, and so does the server",
      async () => {
        await using server = await startSealedServer(["--bind", host]);
        const where = hostAndPort(host, server.port);
        await using client = charla(["--plain", where]);
        client.type("hello?\n");
        expect(await client.exited).toBe(1);
        expect(client.stdout).toBe("");
        expect(client.stderr).toEndWith(
          `charla: ${where} speaks the sealed wire, and this conversation the plain one\n` +
            "hint: join it with its invitation and without --plain, or send to it with " +
            "charla send --to INVITATION\n",
        );
        await server.until("stderr", NOT_SEALED);
        await expectServing(server);
        expect(times(server, NOT_SEALED)).toBe(1);
      },
    );

    endToEnd(
      "charla send --reply on the plain wire reports that the server is sealed",
      async () => {
        await using server = await startSealedServer(["--bind", host]);
        const where = hostAndPort(host, server.port);
        const sent = await runCharla(["send", "--reply", "--to", where, "hello?"]);
        expect(sent.stderr).toStartWith(`charla: ${where} speaks the sealed wire`);
        expect(sent.stderr).toContain("charla send --to INVITATION");
        expect({ stdout: sent.stdout, status: sent.status }).toEqual({ stdout: "", status: 1 });
        await server.until("stderr", NOT_SEALED);
        expect(server.stdout).toBe("");
      },
    );

    // send waits 50 ms for an ICMP error, as on the plain wire; whether it gets the server's answer depends on timing.
    endToEnd(
      "charla send on the plain wire prints nothing on a sealed server's stdout",
      async () => {
        await using server = await startSealedServer(["--bind", host]);
        await runCharla(["send", "--to", hostAndPort(host, server.port), "hello?"]);
        await server.until("stderr", NOT_SEALED);
        await expectServing(server);
      },
    );

    testWith(["ncat"], "a sealed server reports plain messages of ncat once", async () => {
      await using server = await startSealedServer(["--bind", host]);
      await using ncat = start(["ncat", "--udp", host, server.port]);
      ncat.type("hello from ncat\n");
      await server.until("stderr", NOT_SEALED);
      ncat.type("again\n");
      ncat.type("and again\n");
      await expectServing(server);
      expect(times(server, NOT_SEALED)).toBe(1);
    });

    endToEnd(
      "a sealed server's answer to text is one byte, whatever the text's length",
      async () => {
        await using server = await startSealedServer(["--bind", host]);
        for (const length of [1, 6, 100, 1_200, 9_000, 65_000]) {
          await using peer = await openCountingSocket(host);
          peer.send(Buffer.alloc(length, "?"), server.port);
          await until("an answer", () => peer.received.length > 0);
          expect(peer.received).toEqual([1]);
        }
        // An empty datagram is not answered, since one byte would be more than it.
        await using silent = await openCountingSocket(host);
        silent.send(new Uint8Array(0), server.port);
        silent.send(Buffer.from("?"), server.port);
        await until("an answer", () => silent.received.length > 0);
        await expectServing(server);
        expect(silent.received).toEqual([1]);
      },
    );

    endToEnd("a plain server's answer to a hello is shorter than the hello", async () => {
      await using server = charla([...PLAIN.server, "--bind", host, "--port", "0"]);
      const [, port = ""] = await server.until("stderr", /listening on \S*:(\d+)/);
      await using peer = await openCountingSocket(host);
      peer.send(await captureHello(host), port);
      await until("an answer", () => peer.received.length > 0);
      expect(peer.received).toHaveLength(1);
      expect(peer.received[0]).toBeLessThan(100);
    });

    // An answer of 63 bytes to one byte would amplify, and two servers, one with the other's forged address, would
    // answer each other for ever.
    test("a plain server does not answer the one byte of a sealed server", async () => {
      await using server = charla([...PLAIN.server, "--bind", host, "--port", "0"]);
      const [, port = ""] = await server.until("stderr", /listening on \S*:(\d+)/);
      await using peer = await openCountingSocket(host);
      peer.send(Uint8Array.of(0xff), port);
      // An answer to the byte would arrive before the answer to the hello behind it.
      peer.send(await captureHello(host), port);
      await until("an answer to the hello", () => peer.received.length > 0);
      await using plain = await openCountingSocket(host);
      plain.send(Buffer.from("hello"), port);
      await server.until("stdout", "hello\n");
      expect(peer.received).toHaveLength(1);
    });

    endToEnd(
      "a sealed client of a plain server reports the other wire, and so does the server",
      async () => {
        await using server = charla([...PLAIN.server, "--bind", host, "--port", "0"]);
        const [, port = ""] = await server.until("stderr", /listening on \S*:(\d+)/);
        const where = hostAndPort(host, port);
        const joined = await runCharla([where], { input: "a secret\n" });
        expect(joined).toEqual({
          stdout: "",
          stderr:
            `charla: ${where} speaks the plain wire, which is not encrypted\n` +
            `hint: join it with charla --plain ${where}\n`,
          status: 1,
        });
        await server.until("stderr", "speaks the sealed wire");
        await server.until("stderr", "hint: they join this one with charla --plain HOST:PORT");
        await using plain = charla(["--plain", where]);
        plain.type("hello\n");
        await server.until("stdout", "hello\n");
        expect(server.stdout).toBe("hello\n");
        expect(times(server, "speaks the sealed wire")).toBe(1);
      },
    );

    endToEnd("a sealed client reports a peer that answers with text", async () => {
      await using peer = await openBareSocket(host);
      const where = hostAndPort(host, String(peer.port));
      await using client = charla([where], { input: "a secret\n" });
      const { text, from } = await peer.next();
      await peer.send("who is there?", from.port);
      expect(await client.exited).toBe(1);
      expect(client.stdout).toBe("");
      expect(client.stderr).toBe(
        `charla: ${where} speaks the plain wire, which is not encrypted\n` +
          `hint: join it with charla --plain ${where}\n`,
      );
      expect(text).not.toContain("a secret");
    });
  });
}
