// A room on the terminal that it is started on, without network: who says "burst" there is answered with so many messages at once.

import { processIo } from "../../src/cli/io.ts";
import { startTalk } from "../../test/terminal/scripted-talk.ts";

const [count = "10000"] = process.argv.slice(2);
const MEMBERS = ["ana", "ben", "eva"].map((name) => ({
  name,
  fingerprint: `SHA256:${name.repeat(10)}`,
  away: false,
}));

const talk = startTalk(processIo(), (text) => text === "burst" && burst(1), true);
/** Messages that come in one turn of the event loop, as many as a datagram of 64 KiB has room for. */
const IN_A_TURN = 500;

talk.emit({ type: "entered", room: "main", name: "ana", owner: false, last: 0, members: MEMBERS });

function burst(first: number): void {
  const last = Math.min(first + IN_A_TURN - 1, Number(count));
  for (let number = first; number <= last; number += 1) {
    const { name, fingerprint } = MEMBERS[1 + (number % 2)] ?? { name: "", fingerprint: "" };
    talk.emit({
      type: "message",
      from: name,
      fingerprint,
      text: `message ${number} of a burst, as long as most are`,
      sequence: number,
      time: Date.now(),
    });
  }
  if (last < Number(count)) setImmediate(burst, last + 1);
}

process.exitCode = await talk.exited;
