// `charla doctor` as people run it: on this machine, for a server that answers, a server that doesn't, another kind
// of program, and through a network that loses datagrams or carries only short ones.

import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openUdpSocket } from "#udp-socket";

import { createServerFrameReader, encodeFrame, type ServerFrame } from "../../src/chat/frames.ts";
import type { MemberFrame } from "../../src/chat/member-frames.ts";
import { parseInvitation, secretToPsk } from "../../src/identity/invitation.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { respondWith } from "../../src/protocol/responder.ts";
import { openRelay } from "../../src/relay/relay.ts";
import { openServer, type Server, type ServerOptions } from "../../src/server/server.ts";
import { openLossyRelay } from "../harness/lossy-relay.ts";
import { hasNarrowNetworks, inNarrowNetwork } from "../harness/narrow-network.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { charla, run, runCharla } from "../harness/program.ts";
import { startSealedServerProcess as startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";

interface Line {
  readonly type: "check";
  readonly name: string;
  readonly status: "ok" | "note" | "problem";
  readonly message: string;
  readonly hint?: string;
  readonly value?: Record<string, unknown>;
}

function linesOf(stdout: string): Line[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line): Line => JSON.parse(line));
}

/** The doctor's checks, each once, by name. */
async function examine(where: readonly string[], as?: Person, env: Record<string, string> = {}) {
  const options = as === undefined ? { env } : { as, env };
  const { stdout, stderr, status } = await runCharla(["doctor", "--json", ...where], options);
  expect(stderr).toBe("");
  const lines = linesOf(stdout);
  return { lines, checks: new Map(lines.map((line) => [line.name, line])), status };
}

function statuses(lines: readonly Line[]): string[] {
  return lines.map(({ name, status }) => `${name} ${status}`);
}

const SECRET = new Uint8Array(16).fill(9);

function serve(secret: Uint8Array | null, more: Partial<ServerOptions> = {}): Promise<Server> {
  return openServer({
    bind: "127.0.0.1",
    port: 0,
    identity: generateKeyPair(new Uint8Array(32).fill(7)),
    secret,
    log: openMemoryLog({ now: Date.now }),
    ways: (port) => [{ kind: "direct", host: "127.0.0.1", port }],
    ...more,
  });
}

test(
  "with an invitation the doctor runs every check of a server, and its members notice nothing",
  async () => {
    await using server = await serve(SECRET);
    const received: ServerFrame[] = [];
    const readFrame = createServerFrameReader();
    const owner = server.connect();
    owner.receive({
      onMessages(messages) {
        for (const message of messages) {
          const reading = readFrame(message);
          if (reading.type === "frame") received.push(reading.frame);
        }
      },
    });
    const say = (frame: MemberFrame) => owner.sayAll([encodeFrame(frame)]);
    void say({ type: "enter", room: "main", name: "Ann", device: "a".repeat(22) });
    await until("the owner in the room", () => received.length > 0);

    const { lines, checks, status } = await examine([server.invitation("main")]);
    expect(statuses(lines)).toEqual([
      "server ok",
      "round-trip ok",
      "loss ok",
      "path-mtu ok",
      "session ok",
      "clock ok",
      "nat ok",
    ]);
    expect(status).toBe(0);
    expect(checks.get("server")?.message.replace(/[\d.]+ ms$/, "N ms")).toBe(
      `a server answers at 127.0.0.1:${server.local.port} in N ms`,
    );
    expect(checks.get("loss")?.value).toEqual({ sent: 20, lost: 0 });
    // On loopback the longest datagram arrives; elsewhere, a system that fragments on its own is not probed beyond it.
    expect(checks.get("path-mtu")?.value).toMatchObject({ tooLong: null });
    expect(checks.get("nat")?.value).toMatchObject({ translated: false });

    void say({ type: "who", request: 1 });
    await until("an answer", () => received.some(({ type }) => type === "people"));
    expect(received.map(({ type }) => type)).toEqual(["welcome", "people"]);
  },
  END_TO_END_TIMEOUT,
);

test(
  "every way of an invitation is checked one by one, and those that are dead are notes while another works",
  async () => {
    const keys = generateKeyPair(new Uint8Array(32).fill(8));
    await using one = await openRelay({ bind: "127.0.0.1", port: 0, identity: keys });
    await using other = await openRelay({ bind: "127.0.0.1", port: 0, identity: keys });
    const unused = await reservePort();
    let isRegistered = false;
    await using server = await serve(SECRET, {
      relays: [
        {
          relay: { host: "127.0.0.1", port: one.local.port },
          name: `127.0.0.1:${one.local.port}`,
          reach: async () => one.local,
          expected: null,
          onRegistered: () => (isRegistered = true),
          onLost() {},
        },
      ],
      ways: (port) => [
        { kind: "direct", host: "127.0.0.1", port },
        { kind: "direct", host: "127.0.0.1", port: unused },
        { kind: "relay", host: "127.0.0.1", port: one.local.port },
        { kind: "relay", host: "127.0.0.1", port: other.local.port },
      ],
    });
    await until("the server is registered", () => isRegistered);

    const { lines, status } = await examine([server.invitation("main")]);
    expect(statuses(lines.slice(0, 5))).toEqual([
      "server ok",
      "server note",
      "relay ok",
      "relay note",
      "nat-mapping ok",
    ]);
    expect(status).toBe(0);
    const [, , past, without, mapping] = lines;
    expect(past?.message).toMatch(
      /^the server answers through the relay 127\.0\.0\.1:\d+ in [\d.]+ ms$/,
    );
    expect(past?.value).toMatchObject({ status: "joined", roundTrip: expect.any(Number) });
    expect(without?.message).toEndWith("and the server is not registered there");
    expect(mapping?.value).toMatchObject({ mapping: "none" });
  },
  END_TO_END_TIMEOUT,
);

test(
  "a server that is open to everybody is checked by its host, and its key is not remembered",
  async () => {
    await using server = await serve(null);
    using ana = newPerson();
    const { lines, status } = await examine([`127.0.0.1:${server.local.port}`], ana);
    expect(statuses(lines)).toContain("nat ok");
    expect(status).toBe(0);
    expect(existsSync(join(ana.config, "known-servers"))).toBe(false);
  },
  END_TO_END_TIMEOUT,
);

test(
  "with only the host of a server that needs an invitation the doctor checks just the path",
  async () => {
    await using server = await serve(SECRET);
    const { lines, checks, status } = await examine([`127.0.0.1:${server.local.port}`]);
    expect(statuses(lines).slice(-2)).toEqual(["path-mtu ok", "session note"]);
    expect(checks.get("session")?.hint).toContain("charla doctor INVITATION");
    expect(status).toBe(0);
  },
  END_TO_END_TIMEOUT,
);

test(
  "an invitation with a wrong secret and one with another server's key are problems",
  async () => {
    await using server = await serve(SECRET);
    const invitation = server.invitation("main");
    const { secret } = parseInvitation(invitation);
    expect(secret).toEqual(SECRET);
    const forged = await examine([invitation.replace(/\.[^.]*$/, `.${"A".repeat(22)}`)]);
    expect(forged.checks.get("session")).toMatchObject({
      status: "problem",
      value: { code: "WRONG_SECRET" },
    });
    expect(forged.status).toBe(1);
    const other = await examine([invitation.replace(/#[^.]*/, `#${"A".repeat(43)}`)]);
    expect(other.checks.get("session")).toMatchObject({
      status: "problem",
      value: { code: "SERVER_KEY_CHANGED" },
    });
  },
  END_TO_END_TIMEOUT,
);

test(
  "a server that doesn't answer the doctor's questions gets a note after its session is ok",
  async () => {
    await using server = await openSealedSocket({
      bind: "127.0.0.1",
      port: 0,
      staticKeys: generateKeyPair(new Uint8Array(32).fill(7)),
      respond: respondWith({ admission: secretToPsk(null) }),
    });
    const { lines, status } = await examine([`127.0.0.1:${server.local.port}`]);
    expect(statuses(lines).slice(-2)).toEqual(["session ok", "nat note"]);
    expect(status).toBe(0);
  },
  END_TO_END_TIMEOUT,
);

test("a port where no program is listening is reported at once, with a hint", async () => {
  const port = await reservePort();
  const { stdout, status } = await runCharla(["doctor", `127.0.0.1:${port}`]);
  expect(stdout).toBe(
    `problem  no program is listening at 127.0.0.1:${port}\n` +
      "         hint: start charla --server there, or check the port: an invitation has the right one\n",
  );
  expect(status).toBe(1);
});

test("a host name that does not exist is a problem", async () => {
  const { lines, status } = await examine(["nobody.invalid"]);
  expect(lines).toMatchObject([
    { name: "name", status: "problem", value: { code: "UNKNOWN_HOST" } },
  ]);
  expect(status).toBe(1);
});

test(
  "a conversation on the plain wire is recognized, and the check doesn't appear in it",
  async () => {
    await using plain = charla(["--server", "--plain", "-p", "0", "-b", "127.0.0.1"]);
    const [, port = ""] = await plain.until("stderr", /listening on 127\.0\.0\.1:(\d+)/);
    const { checks, status } = await examine([`127.0.0.1:${port}`]);
    expect(checks.get("server")).toMatchObject({
      status: "problem",
      hint: expect.stringContaining(`charla --plain 127.0.0.1:${port}`),
      value: { found: "other-wire" },
    });
    expect(status).toBe(1);
    expect(plain.stdout).toBe("");
  },
  END_TO_END_TIMEOUT,
);

test(
  "a program that does not answer is a problem, with a hint about firewalls",
  async () => {
    using silent = await openUdpSocket({
      bind: "127.0.0.1",
      port: 0,
      onDatagram() {},
      onError() {},
    });
    const { port } = silent.address;
    const { lines, checks, status } = await examine([`127.0.0.1:${port}`]);
    expect(statuses(lines)).toEqual(["server problem"]);
    expect(checks.get("server")?.message).toBe(`nothing answers at 127.0.0.1:${port}`);
    expect(checks.get("server")?.hint).toContain(`it has to let port ${port} in`);
    expect(status).toBe(1);
  },
  END_TO_END_TIMEOUT,
);

test(
  "through a relay that loses a fifth of the datagrams, the doctor reports the loss and the relay and no other problem",
  async () => {
    await using server = await serve(SECRET);
    const options = { seed: 4, loss: 0.2, jitter: 5, server: server.local };
    await using relay = await openLossyRelay(options);
    const invitation = server.invitation("main").replace(/:\d+\//, `:${relay.port}/`);
    const { lines, checks } = await examine([invitation]);
    // 64 % of the hellos are answered: that none or all of 20 are lost happens once in 3,000 runs.
    const { lost } = checks.get("loss")?.value ?? {};
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(20);
    expect(checks.get("loss")?.status).not.toBe("ok");
    expect(statuses(lines)).toContain("session ok");
    expect(statuses(lines)).toContain("clock ok");
    expect(checks.get("path-mtu")?.value?.["datagram"]).toBeGreaterThanOrEqual(1_372);
    expect(checks.get("nat")).toMatchObject({ status: "note", value: { translated: true } });
  },
  END_TO_END_TIMEOUT,
);

const narrow = test.skipIf(!hasNarrowNetworks());

async function examineInNetworkOf(mtu: number) {
  const child = join(import.meta.dir, "doctor-in-narrow-network.ts");
  const command = `exec "${process.execPath}" "${child}"`;
  const { stdout, status } = await run(inNarrowNetwork(command, mtu));
  const lines = linesOf(stdout);
  return { checks: new Map(lines.map((line) => [line.name, line])), status };
}

narrow(
  "the path MTU of a network is reported",
  async () => {
    const { checks, status } = await examineInNetworkOf(1_400);
    expect(checks.get("path-mtu")).toMatchObject({
      status: "ok",
      message: "datagrams of 1,372 bytes arrive (packets of 1,400; 1,452 are too many)",
    });
    expect(checks.get("session")?.status).toBe("ok");
    expect(status).toBe(0);
  },
  END_TO_END_TIMEOUT,
);

narrow(
  "a network too narrow for charla is recognized as such",
  async () => {
    const { checks, status } = await examineInNetworkOf(900);
    expect(checks.get("server")?.value).toMatchObject({ found: "nothing" });
    const mtu = checks.get("path-mtu");
    expect(mtu).toMatchObject({ status: "problem", hint: expect.stringContaining("1,280") });
    expect(mtu?.value?.["packet"]).toBeLessThanOrEqual(900);
    expect(mtu?.value?.["packet"]).toBeGreaterThan(750);
    expect(status).toBe(1);
  },
  END_TO_END_TIMEOUT,
);

test(
  "without an argument the doctor checks this machine, and creates nothing there",
  async () => {
    using ana = newPerson();
    const keys = generateKeyPair(new Uint8Array(32).fill(8));
    await using one = await openRelay({ bind: "127.0.0.1", port: 0, identity: keys });
    await using other = await openRelay({ bind: "127.0.0.1", port: 0, identity: keys });
    const relays = [one, other].map(({ local }) => `127.0.0.1:${local.port}`);
    const { lines, checks } = await examine([], ana, { CHARLA_SERVER_RELAY: relays.join(",") });
    const answers = lines.filter(({ name }) => name === "relay");
    expect(answers.map(({ status, message }) => `${status} ${message}`)).toEqual(
      relays.map((relay) => `ok the relay ${relay} answers`),
    );
    expect(checks.get("nat-mapping")?.value).toMatchObject({ mapping: "none" });
    expect(new Set(lines.map(({ name }) => name))).toEqual(
      new Set([
        "port",
        "ipv4",
        "ipv6",
        "addresses",
        "port-mapping",
        "relay",
        "nat-mapping",
        "receive-buffer",
        "config-folder",
        "data-folder",
        "identity",
        "own-server",
        "page",
        "relay-page",
      ]),
    );
    expect(checks.get("ipv4")?.status).toBe("ok");
    expect(checks.get("config-folder")?.message).toBe(`${ana.config} is made when it is needed`);
    expect(checks.get("identity")?.message).toBe("your identity key is made on first use");
    expect(checks.get("own-server")?.message).toBe("no server of yours is open on this machine");
    expect(checks.get("page")?.value).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(existsSync(ana.config)).toBe(false);
    expect(existsSync(ana.data)).toBe(false);
    for (const line of lines.filter(({ status }) => status !== "ok")) {
      expect(line.hint).not.toBeEmpty();
    }
  },
  END_TO_END_TIMEOUT,
);

test("a mistake in the config file is a problem that the doctor names, and everything else is checked", async () => {
  using ana = newPerson();
  mkdirSync(ana.config, { recursive: true });
  writeFileSync(join(ana.config, "config.toml"), "[server]\nrelay = 5\n");
  const { checks, status } = await examine([], ana);
  expect(checks.get("config")).toMatchObject({
    status: "problem",
    message: expect.stringContaining("config.toml, line 2"),
    value: { code: "CONFIG_INVALID" },
  });
  expect(checks.get("ipv4")?.status).toBe("ok");
  expect(status).toBe(1);
});

test("a key that others can read is a problem, with the hint of its error", async () => {
  using ana = newPerson();
  mkdirSync(ana.config, { recursive: true });
  const file = join(ana.config, "identity");
  writeFileSync(file, "");
  chmodSync(file, 0o644);
  const { checks, status } = await examine([], ana);
  expect(checks.get("identity")).toMatchObject({
    status: "problem",
    hint: expect.stringContaining(`chmod 600 "${file}"`),
    value: { code: "KEY_FILE_EXPOSED" },
  });
  expect(status).toBe(1);
});

test(
  "the user's own server is found on this machine, and that it was killed is reported",
  async () => {
    using ana = newPerson();
    const server = await startSealedServer(["-b", "127.0.0.1"], { as: ana });
    const [way] = parseInvitation(server.invitation).ways;
    const { host, port } = way ?? { host: "", port: 0 };
    const there = await examine([], ana);
    expect(there.checks.get("own-server")).toMatchObject({
      status: "ok",
      message: `your server at ${host}:${port} answers`,
    });
    server.signal("SIGKILL");
    await server.exited;
    const gone = await examine([], ana);
    expect(gone.checks.get("own-server")).toMatchObject({ status: "note", value: { port } });
  },
  END_TO_END_TIMEOUT,
);

test("with --quiet nothing is printed when everything is ok", async () => {
  await using server = await serve(SECRET);
  const { stdout, status } = await runCharla(["doctor", "-q", server.invitation("main")]);
  expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
});

test("two arguments, or an argument that is not an address, are usage errors", async () => {
  const two = await runCharla(["doctor", "one", "two"]);
  expect(two).toEqual({
    stdout: "",
    stderr:
      'charla: doctor checks one server at a time, and not "two" as well\n' +
      "hint: see charla doctor --help\n",
    status: 2,
  });
  expect((await runCharla(["doctor", "no address"])).status).toBe(2);
  expect((await runCharla(["doctor", "charla://cut"])).status).toBe(2);
});
