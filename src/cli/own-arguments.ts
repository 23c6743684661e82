// The edge: this program's arguments as every user of the machine sees them, with `ps` or in /proc. The runtime does not
// change those (process.title does not), so they are overwritten in this process's own memory: on Linux, where that is
// a file. Elsewhere they stay, as docs say.

import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

/** Each argument ends with NUL. */
const SECRETS = [
  // An invitation, from its scheme on.
  /(?<=charla:\/\/)[^\0]+/gi,
  // The link of its page, from the key on.
  /(?<=https?:\/\/[^\0#]*#)[^\0]+/gi,
  // USER:PASSWORD of `serve --auth` and `get -u` and `-U`, FILE:PASSWORD of `get -E`, also behind other short options.
  /(?<=\0(?:--(?:auth|user|proxy-user|cert)[=\0]|-\w*[uUE]\0?)[^\0:]*:)[^\0]+/g,
  // Before the last @ of a URL's authority, as URLs are parsed.
  /(?<=(?:\0[^\0/@:=]*|\/\/[^\0/@:]*):)[^\0/?#]+(?=@)/g,
  // Any header field of `get -H`, also as a word: servers have keys in fields of their own.
  /(?<=\0(?:--header[=\0]|-\w*H\0?)[^\0:]*:)[^\0]+/g,
  /(?<=\0[A-Z][\w-]*:)(?![/:])[^\0]+/g,
  // Cookies of `get -b`.
  /(?<=\0(?:--cookie[=\0]|-\w*b\0?)[^\0=]*=)[^\0]+/g,
];

/**
 * Covers the secrets among this program's arguments with asterisks; does nothing where the system does not let it.
 *
 * @param self the folder about this process
 */
export function hideSecrets(self = "/proc/self"): void {
  try {
    const [start, end] = findArguments(readFileSync(`${self}/stat`, "latin1"));
    const memory = openSync(`${self}/mem`, "r+");
    try {
      const bytes = Buffer.alloc(end - start);
      readSync(memory, bytes, 0, bytes.byteLength, start);
      // One character for each byte.
      const text = bytes.toString("latin1");
      for (const { index, 0: found } of SECRETS.flatMap((secret) =>
        Array.from(text.matchAll(secret)),
      )) {
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
