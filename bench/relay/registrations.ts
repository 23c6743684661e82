// What idle registrations cost a relay: memory, and CPU time for their keep-alives. The servers are all in another process, each with an
// address of its own on loopback, so that the relay's usual limits hold (Linux only: others have just 127.0.0.1).

import { secretToPsk } from "../../src/identity/invitation.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { writeRelayMessage } from "../../src/net/relay-messages.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import type { SocketAddress } from "../../src/protocol/socket-address.ts";
import { openRelay } from "../../src/relay/relay.ts";
import { reportUsage, startOther } from "../harness/other-process.ts";

/** Servers before the first measurement, in which the compiler optimizes. */
const FEW = 1_000;
const MANY = 10_000;
/** Registrations that begin at the same time. */
const AT_ONCE = 32;
/** Until nothing of the registrations is on the way any more, ms. */
const SETTLED = 3_000;
/** At least one keep-alive of every server, ms. */
const IDLE = 30_000;

const keys = () => generateKeyPair(crypto.getRandomValues(new Uint8Array(32)));

async function serve(): Promise<void> {
  const relay = await openRelay({ bind: "127.0.0.1", port: 0, identity: keys() });
  reportUsage(relay.local.port);
}

/** 128 in each network of 24 bits. */
function loopbackAddress(index: number): string {
  return `127.${1 + (index >>> 14)}.${(index >>> 7) & 0x7f}.${1 + (index & 0x7f)}`;
}

async function register(relay: SocketAddress, bind: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = await openSealedSocket({ bind, port: 0, staticKeys: keys() });
  const link = socket.join(
    { to: relay, psk: secretToPsk(null), expected: null },
    {
      onMessages: () => resolve(),
      onEnd: () => reject(new Error(`the relay did not register ${bind}`)),
    },
  );
  void link.say(writeRelayMessage({ type: "register" }));
  await promise;
}

export async function measureRegistrations(): Promise<void> {
  await using relay = await startOther(import.meta.path);
  const to = { address: "127.0.0.1", port: relay.port };
  let registered = 0;
  const registerUntil = async (count: number) => {
    const registerNext = async () => {
      while (registered < count) {
        registered += 1;
        await register(to, loopbackAddress(registered));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, registerNext));
    await Bun.sleep(SETTLED);
  };
  await registerUntil(FEW);
  const few = await relay.collect();
  await registerUntil(FEW + MANY);
  const many = await relay.collect();
  await Bun.sleep(IDLE);
  const idle = (await relay.usage()).cpu - many.cpu;

  const each = (bytes: number) => `${(bytes / MANY / 1_024).toFixed(1)} KiB each`;
  console.log(`${MANY} idle registrations, beside ${FEW} that were there before`);
  console.log(`  heap                ${each(many.heap - few.heap)}`);
  console.log(`  memory (RSS)        ${each(many.memory - few.memory)}`);
  const share = (idle / (IDLE * 1_000)) * (MANY / registered) * 100;
  console.log(`  CPU, keep-alives    ${share.toFixed(1)} % of one core over ${IDLE / 1_000} s`);
}

if (import.meta.main) await serve();
