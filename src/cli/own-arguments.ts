// The edge: this program's arguments as every user of the machine sees them, with `ps` or in /proc. The runtime does not
// change those (process.title does not), so they are overwritten in this process's own memory: on Linux, where that is
// a file. Elsewhere they stay, as docs say.

import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

/** `charla://` and what follows it in the same argument. */
const INVITATION = /(?<=charla:\/\/)[^\0]+/gi;

/** Covers the invitations among this program's arguments with asterisks; does nothing where the system does not let it. */
export function hideInvitations(): void {
  try {
    const [start, end] = findArguments(readFileSync("/proc/self/stat", "latin1"));
    const memory = openSync("/proc/self/mem", "r+");
    try {
      const bytes = Buffer.alloc(end - start);
      readSync(memory, bytes, 0, bytes.byteLength, start);
      // One character for each byte.
      for (const { index, 0: found } of bytes.toString("latin1").matchAll(INVITATION)) {
        writeSync(memory, "*".repeat(found.length), start + index, "latin1");
      }
    } finally {
      closeSync(memory);
    }
  } catch {
    // They stay visible, as on systems without these files.
  }
}

/** Where the arguments begin and end in memory: fields 48 and 49 of proc(5)'s /proc/PID/stat. */
function findArguments(status: string): [start: number, end: number] {
  // The second field is the program's name in parentheses, which may contain blanks and parentheses.
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  return [Number(fields[48 - 3]), Number(fields[49 - 3])];
}
