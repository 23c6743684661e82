// The beginning of an open file, for files that somebody else may have made: however long one is, it takes no more memory than
// was expected.

import { readSync } from "node:fs";

/** At most so many bytes from where the descriptor stands; one more than a limit tells whether there are more. */
export function readUpTo(descriptor: number, most: number): Uint8Array {
  const buffer = Buffer.alloc(most);
  let length = 0;
  let read: number;
  do {
    read = readSync(descriptor, buffer, length, most - length, null);
    length += read;
  } while (read > 0 && length < most);
  return buffer.subarray(0, length);
}
