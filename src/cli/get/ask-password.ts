// A password that is asked for on the terminal, where it is not shown; so that it is in no history of a shell, and
// in no list of processes.

import { Interruption, type Output, type TerminalInput } from "../../terminal/io.ts";

/** Bytes; what comes after them is not taken. */
const MAX_PASSWORD = 1_024;

const ENTER = new Set([0x0a, 0x0d]);
const END = 0x04;
const INTERRUPT = 0x03;
const BACKSPACE = new Set([0x08, 0x7f]);
const ERASE_ALL = 0x15;

/** @param where what it is for; safe to print */
export async function askPassword(
  stdin: TerminalInput,
  stderr: Output,
  where: string,
): Promise<string> {
  stderr.write(`password for ${where}: `);
  stdin.setRawMode(true);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed = Buffer.alloc(0);
  const take = (keys: Uint8Array) => {
    for (const key of keys) {
      if (key === INTERRUPT) return reject(new Interruption("SIGINT"));
      if (ENTER.has(key) || key === END) return resolve(typed.toString("utf8"));
      if (BACKSPACE.has(key)) typed = withoutLast(typed);
      else if (key === ERASE_ALL) typed = Buffer.alloc(0);
      else if (typed.length < MAX_PASSWORD) typed = Buffer.concat([typed, Uint8Array.of(key)]);
    }
  };
  const finish = () => {
    stdin.off("data", take);
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  };
  stdin.on("data", take);
  stdin.resume();
  try {
    return await promise;
  } finally {
    finish();
  }
}

/** Without its last character, which may be of several bytes. */
function withoutLast(typed: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  return Buffer.from(typed.toString("utf8").replace(/.$/su, ""), "utf8");
}
