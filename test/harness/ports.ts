// Ports for tests that need one by its number: to start a server again where it was, or to have one that nobody listens on.
// A port that the system chooses (port 0) is no longer theirs once it is closed: it goes to the next socket that asks for any.

import { createSocket } from "node:dgram";
import { createServer, type Server } from "node:net";

import { until } from "./until.ts";

/** Below the ports that systems choose: from 32,768 (Linux) or 49,152 (macOS, Windows; RFC 6335 s. 6) on. */
const FIRST = 20_000;
const END = 32_768;
/** Each port that is reserved has the one after it for its lock. */
const PAIRS = (END - FIRST) / 2;

/** The test that listens there has the lesson's port. */
const LESSON_LOCK = 12_346;

/** Where this process begins; others, whose ids are near, begin elsewhere. */
let nextPair = (process.pid * 97) % PAIRS;
/** TCP servers that nobody connects to: the system closes them with this process, however that ends. */
const locks: Server[] = [];

/**
 * A port of UDP and TCP, in both families, that no program has, the system never chooses, and no other test, in this
 * process or another, is given until this process ends.
 */
export async function reservePort(): Promise<number> {
  for (let tries = 0; tries < PAIRS; tries += 1) {
    const port = FIRST + 2 * nextPair;
    nextPair = (nextPair + 1) % PAIRS;
    const lock = await listen(port + 1, "127.0.0.1");
    if (lock === null) continue;
    if (await isFree(port)) {
      locks.push(lock.unref());
      return port;
    }
    await close(lock);
  }
  throw new Error(`no port from ${FIRST} to ${END - 1} is free`);
}

/** For the lesson's port, 12345, which has to be free: of all tests that run, one at a time has it. */
export async function holdLessonPort(): Promise<AsyncDisposable> {
  const held: Server[] = [];
  await until("the lesson's port is free", async () => {
    const lock = await listen(LESSON_LOCK, "127.0.0.1");
    if (lock !== null) held.push(lock);
    return lock !== null;
  });
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(held.map(close));
    },
  };
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port, "::");
  if (server === null) return false;
  await close(server);
  const socket = createSocket({ type: "udp6", ipv6Only: false });
  const isBound = await new Promise<boolean>((resolve) => {
    socket.once("error", () => resolve(false));
    socket.bind(port, "::", () => resolve(true));
  });
  await new Promise<void>((resolve) => socket.close(resolve));
  return isBound;
}

/** Null if the port is taken. */
function listen(port: number, address: string): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(null));
    server.listen(port, address, () => resolve(server));
  });
}

function close(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}
