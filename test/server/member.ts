// A member with a device on the disk, who talks until killed: `member.ts INVITATION FOLDER NAME ROUND`. Prints, as
// JSON, each text that is shown, each that was taken to be sent, and each that is known to be stored, or refused.

import { writeSync } from "node:fs";

import { openDeviceFile } from "../../src/client/device-file.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { SERVER_KEYS } from "./served.ts";

const [, , invitation = "", folder = "", name = "", round = ""] = process.argv;
const TALK_EVERY = 3;

const conversation = joinRoom(invitation, {
  name,
  room: "main",
  // The same key for the same name.
  identity: generateKeyPair(Buffer.alloc(32, name)),
  device: openDeviceFile({ folder, serverKey: SERVER_KEYS.publicKey, room: "main" }),
});

const print = (kind: string, text: string) => writeSync(1, `${kind} ${JSON.stringify(text)}\n`);

async function talk(): Promise<void> {
  for (let count = 0; round !== "last"; count += 1) {
    const text = `${name} in round ${round}: ${count}`;
    const said = conversation.say(text);
    print("taken", text);
    void said.then(
      () => print("stored", text),
      () => print("refused", text),
    );
    await Bun.sleep(TALK_EVERY);
  }
}
void talk();

for await (const event of conversation.events) {
  if (event.type === "message" || event.type === "delivered") print("shown", event.text);
}
