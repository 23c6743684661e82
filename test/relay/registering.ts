// Servers in a process of their own, so that the memory of the test's is the relay's: `registering.ts PORT COUNT` registers a quarter
// of them, says "some", waits for a line on standard input, registers the others, and says "all". It has to be ended.

import { writeSync } from "node:fs";

import { generateKeyPair, randomBytes } from "../../src/net/crypto.ts";
import { writeRelayMessage } from "../../src/net/relay-messages.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";

const [, , port = "", count = ""] = process.argv;
const NO_SECRET = new Uint8Array(32);

async function register(bind: string): Promise<void> {
  const staticKeys = generateKeyPair(randomBytes(32));
  const socket = await openSealedSocket({ bind, port: 0, staticKeys });
  const registered = Promise.withResolvers<void>();
  const to = { address: "127.0.0.1", port: Number(port) };
  const link = socket.join(
    { to, psk: NO_SECRET, expected: null },
    { onMessages: () => registered.resolve() },
  );
  void link.say(writeRelayMessage({ type: "register" }));
  await registered.promise;
}

for (let index = 0; index < Number(count); index += 1) {
  await register(`127.1.${index >>> 7}.${1 + (index & 0x7f)}`);
  if (index === Number(count) / 4 - 1) {
    writeSync(1, "some\n");
    for await (const _ of process.stdin) break;
  }
}
writeSync(1, "all\n");
