// A member with a device on the disk, who talks until killed: `member.ts INVITATION FOLDER ROUND`. Prints, as
// JSON, each text that is shown, and each that is known to be stored.

import { writeSync } from "node:fs";

import { openDeviceFile } from "../../src/client/device-file.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { generateKeyPair } from "../../src/wire/noise/x25519.ts";
import { SERVER_KEYS } from "./served.ts";

const [, , invitation = "", folder = "", round = ""] = process.argv;
const TALK_EVERY = 3;

const conversation = joinRoom(invitation, {
  name: "Ann",
  room: "main",
  identity: generateKeyPair(new Uint8Array(32).fill(3)),
  device: openDeviceFile({ folder, serverKey: SERVER_KEYS.publicKey, room: "main" }),
});

async function talk(): Promise<void> {
  for (let count = 0; round !== "last"; count += 1) {
    const text = `round ${round}: ${count}`;
    void conversation.say(text).then(() => writeSync(1, `stored ${JSON.stringify(text)}\n`));
    await Bun.sleep(TALK_EVERY);
  }
}
void talk();

for await (const event of conversation.events) {
  if (event.type !== "message" && event.type !== "delivered") continue;
  writeSync(1, `shown ${JSON.stringify(event.text)}\n`);
}
