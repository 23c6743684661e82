// Says one thing after the other to a device on the disk, and prints each once it is there.

import { writeSync } from "node:fs";

import { openDeviceFile } from "../../src/client/device-file.ts";

const [, , folder = "", round = ""] = process.argv;

const device = openDeviceFile({ folder, serverKey: new Uint8Array(32).fill(7), room: "main" });
writeSync(1, `${device.id}\n`);
for (let count = 0; ; count += 1) {
  const { number, text } = device.say(`round ${round}: ${count}`);
  writeSync(1, `said ${number} ${text}\n`);
}
