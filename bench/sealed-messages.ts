// The sealed wire between two processes over loopback: 64-byte messages a second through the whole session, and
// the round trip of one message compared with a bare UDP echo in the same runtime.

import { cpus } from "node:os";

import { generateKeyPair } from "../src/net/crypto.ts";
import { openSealedSocket } from "../src/net/sealed-socket.ts";
import { respondWith } from "../src/protocol/responder.ts";

const PSK = new Uint8Array(32);
const MESSAGE = new Uint8Array(64).fill(1);
const BURST = 1_000_000;
const ROUNDS = 5_000;
/** Round trips before the measurement, in which the compiler optimizes. */
const WARM_UP = 1_000;
/** The first byte of a message that has to be echoed. */
const ECHO = 2;

const keys = () => generateKeyPair(crypto.getRandomValues(new Uint8Array(32)));

/** The other process: echoes messages that ask for it, counts the rest, and answers when a burst is complete. */
async function serve(): Promise<void> {
  const bare = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(socket, datagram, port, address) {
        socket.send(datagram, port, address);
      },
    },
  });
  const sealed = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys(),
    respond: respondWith({ admission: PSK }),
    onJoined(link) {
      let count = 0;
      return {
        onMessages(messages) {
          for (const message of messages) {
            if (message[0] === ECHO) {
              void link.say(message);
              continue;
            }
            count += 1;
            if (count % BURST === 0) void link.say(MESSAGE);
          }
        },
      };
    },
  });
  console.log(`${bare.port} ${sealed.local.port}`);
}

function percentile(times: number[], part: number): string {
  const sorted = times.toSorted((one, other) => one - other);
  return `${((sorted[Math.floor(sorted.length * part)] ?? 0) * 1_000).toFixed(0)} us`;
}

async function measure(): Promise<void> {
  await using server = Bun.spawn([process.execPath, import.meta.path, "serve"], { stdout: "pipe" });
  const { value } = await server.stdout.getReader().read();
  const [barePort = 0, sealedPort = 0] = new TextDecoder().decode(value).split(" ").map(Number);

  let answered = Promise.withResolvers<void>();
  const answer = async (ask: () => void) => {
    answered = Promise.withResolvers();
    ask();
    await answered.promise;
  };
  const times = async (ask: () => void) => {
    const each: number[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      const start = performance.now();
      await answer(ask);
      if (round >= WARM_UP) each.push(performance.now() - start);
    }
    return each;
  };

  const bare = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: () => answered.resolve() },
  });
  const bareTimes = await times(() => bare.send(MESSAGE, barePort, "127.0.0.1"));
  bare.close();

  const client = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys(),
  });
  const to = { address: "127.0.0.1", port: sealedPort };
  const link = client.join(
    { to, psk: PSK, expected: null },
    { onMessages: () => answered.resolve() },
  );
  const echo = MESSAGE.slice();
  echo[0] = ECHO;
  const sealedTimes = await times(() => void link.say(echo));

  const rates: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    const start = performance.now();
    await answer(() => {
      void (async () => {
        for (let count = 0; count < BURST; count += 1) await link.say(MESSAGE);
      })();
    });
    rates.push((BURST / (performance.now() - start)) * 1_000);
  }
  await client.close();
  server.kill();

  console.log("sealed messages between two processes over loopback");
  console.log(`machine: ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Bun ${Bun.version}`);
  const median = rates.toSorted((one, other) => one - other)[1] ?? 0;
  console.log(
    `64-byte messages, none lost: ${(Math.round(median / 1_000) * 1_000).toLocaleString("en")} a second (median of 3)`,
  );
  console.log(
    `bare UDP echo:    p50 ${percentile(bareTimes, 0.5)}, p99 ${percentile(bareTimes, 0.99)}`,
  );
  console.log(
    `sealed echo:      p50 ${percentile(sealedTimes, 0.5)}, p99 ${percentile(sealedTimes, 0.99)}`,
  );
}

await (process.argv[2] === "serve" ? serve() : measure());
