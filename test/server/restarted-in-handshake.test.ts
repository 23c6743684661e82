// A server that restarts in the middle of a handshake resets it, and the member begins another at once.

import { expect, test } from "bun:test";
import { createSocket, type Socket } from "node:dgram";

import { openMemoryLog } from "../../src/log/memory-log.ts";
import { FINISH, HELLO, RESET } from "../../src/protocol/packets.ts";
import type { Server } from "../../src/server/server.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { entered, joinServed, openHere, shownTo } from "./served.ts";

/** The first byte of a datagram, and its connection id. */
interface Passed {
  readonly kind: number | undefined;
  readonly id: string;
}

/** Forwards to one server at a time: another one in its place is as if it had been killed and restarted. */
async function openWay(first: Server) {
  const [front, back] = [await bound(), await bound()];
  const passed: Passed[] = [];
  let member = 0;
  const way = {
    port: front.address().port,
    passed,
    server: first,
    /** Something else answers hellos in the server's place, with this text. */
    impostor: null as string | null,
    /** Called before a datagram of the member's is passed on. */
    onPassing: (_passed: Passed): void => {},
    async [Symbol.asyncDispose]() {
      for (const socket of [front, back]) socket.close();
    },
  };
  front.on("message", (datagram, { port }) => {
    member = port;
    const at = datagram[0] === HELLO ? 2 : 1;
    const header = { kind: datagram[0], id: datagram.toString("hex", at, at + 8) };
    passed.push(header);
    way.onPassing(header);
    if (way.impostor !== null) return front.send(way.impostor, port, "127.0.0.1");
    back.send(datagram, way.server.local.port, "127.0.0.1");
  });
  back.on("message", (datagram, { port }) => {
    // A server that was killed sends nothing more.
    if (port !== way.server.local.port) return;
    passed.push({ kind: datagram[0], id: datagram.toString("hex", 1, 9) });
    front.send(datagram, member, "127.0.0.1");
  });
  return way;
}

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket;
}

test(
  "a server that restarts in the middle of a handshake does not make the member wait",
  async () => {
    const log = openMemoryLog({ now: Date.now });
    // As if they had one data folder.
    const resetSalt = new Uint8Array(16).fill(3);
    await using first = await openHere({ log, resetSalt });
    await using second = await openHere({ log, resetSalt });
    await using third = await openHere({ log, resetSalt });
    await using way = await openWay(first);
    const ann = joinServed(way.port, "Ann");
    const seen = shownTo(ann);
    await entered(seen);
    const before = way.passed.find(({ kind }) => kind === FINISH)?.id;
    let unanswered = "";

    way.server = second;
    way.onPassing = ({ kind, id }) => {
      if (kind !== FINISH || id === before || unanswered !== "") return;
      // It has answered the hello, and ends before the finish comes.
      unanswered = id;
      way.server = third;
    };
    await ann.say("is anybody there?");
    expect(seen.shown.map(({ type }) => type)).toContain("reconnected");
    const reset = way.passed.findLastIndex(({ kind }) => kind === RESET);
    expect(way.passed[reset]?.id).toBe(unanswered);
    // Not the same finish again for seconds: next comes a new hello.
    expect(way.passed[reset + 1]?.kind).toBe(HELLO);
    await ann.leave();
    await seen.ended;
  },
  END_TO_END_TIMEOUT,
);

test(
  "what answers in the place of a server that restarts does not end the conversation, and is reported once",
  async () => {
    const log = openMemoryLog({ now: Date.now });
    const resetSalt = new Uint8Array(16).fill(3);
    await using first = await openHere({ log, resetSalt });
    await using second = await openHere({ log, resetSalt });
    await using way = await openWay(first);
    const ann = joinServed(way.port, "Ann");
    const seen = shownTo(ann);
    await entered(seen);
    way.server = second;
    way.onPassing = ({ kind }) => {
      if (kind === HELLO && way.passed.some((passed) => passed.kind === RESET)) {
        way.impostor = "who is there?";
        way.onPassing = () => {};
      }
    };
    const saying = ann.say("is anybody there?");
    const reported = () => seen.shown.filter((event) => event.type === "notice");
    await until("a notice", () => reported().length > 0);
    way.impostor = null;
    await saying;
    expect(reported()).toEqual([
      {
        type: "notice",
        code: "OTHER_WIRE",
        message: `127.0.0.1:${way.port} speaks the plain wire, which is not encrypted`,
        hint: `join it with charla --plain 127.0.0.1:${way.port}`,
      },
    ]);
    expect(seen.shown.map(({ type }) => type)).toContain("reconnected");
    await ann.leave();
    await seen.ended;
  },
  END_TO_END_TIMEOUT,
);
