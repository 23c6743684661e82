// CPU time of a handshake at the responder: another process connects one session after the other over loopback, each
// with a retry, a first message in the finish and its acknowledgment; compared with the four X25519 operations that
// every responder needs (Noise XX: one key pair, ee, es, se).

import { diffieHellman, generateKeyPairSync } from "node:crypto";

import { generateKeyPair } from "../src/net/crypto.ts";
import { openSealedSocket } from "../src/net/sealed-socket.ts";
import { respondWith } from "../src/protocol/responder.ts";
import { machine } from "./harness/machine.ts";
import { reportUsage, startOther } from "./harness/other-process.ts";

const PSK = new Uint8Array(32);
const MESSAGE = new Uint8Array(16).fill(1);
const HANDSHAKES = 2_000;
/** Handshakes before the measurement, in which the compiler optimizes. */
const WARM_UP = 500;
const X25519_OF_A_RESPONDER = 4;

const keys = () => generateKeyPair(crypto.getRandomValues(new Uint8Array(32)));

async function serve(): Promise<void> {
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys(),
    respond: respondWith({ admission: PSK }),
  });
  reportUsage(socket.local.port);
}

/** One X25519 with prepared keys, us of CPU. */
function bareX25519(): number {
  const ROUNDS = 20_000;
  const { privateKey } = generateKeyPairSync("x25519");
  const { publicKey } = generateKeyPairSync("x25519");
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round += 1) diffieHellman({ privateKey, publicKey });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / ROUNDS;
}

async function measure(): Promise<void> {
  await using server = await startOther(import.meta.path);
  const client = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys(),
  });
  const to = { address: "127.0.0.1", port: server.port };
  const join = async (count: number) => {
    for (let joined = 0; joined < count; joined += 1) {
      const link = client.join({ to, psk: PSK, expected: null }, { onMessages() {} });
      void link.say(MESSAGE);
      if (!(await link.arrived())) throw new Error("a handshake failed");
    }
  };
  await join(WARM_UP);
  const before = await server.usage();
  await join(HANDSHAKES);
  const after = await server.usage();
  await client.close();

  const each = (after.cpu - before.cpu) / HANDSHAKES;
  const bare = X25519_OF_A_RESPONDER * bareX25519();
  console.log(`handshakes, CPU of the responder's process, mean of ${HANDSHAKES} after ${WARM_UP}`);
  console.log(machine);
  console.log(`4 bare X25519   ${bare.toFixed(0)} us`);
  console.log(`a handshake     ${each.toFixed(0)} us, ${(each / bare).toFixed(2)} times that`);
}

await (process.argv[2] === "serve" ? serve() : measure());
