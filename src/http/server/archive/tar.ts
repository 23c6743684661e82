// The tar format of POSIX (IEEE 1003.1-2017, pax, "pax Interchange Format"): ustar headers, each after an extended header if
// the name or the size does not fit into it.

import { Buffer } from "node:buffer";

import { type ArchiveEntry, unixMode } from "./walk.ts";

const BLOCK = 512;
/** A ustar header has room for so many bytes of a name, and for eleven octal digits of size and time. */
const MAX_NAME_BYTES = 100;
const MAX_SIZE = 0o77777777777;

/** The end of an archive. */
const ZEROS = new Uint8Array(2 * BLOCK);

/** Breaks off with what reading a file throws: the size of an entry comes before it. */
export async function* tar(
  entries: AsyncIterable<ArchiveEntry>,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const entry of entries) {
    const size = entry.content?.size ?? 0;
    yield entryHeader(entry, size);
    if (entry.content === null) continue;
    yield* entry.content.chunks;
    yield ZEROS.subarray(0, padding(size));
  }
  yield ZEROS;
}

function entryHeader(entry: ArchiveEntry, size: number): Uint8Array {
  const type = entry.content === null ? "5" : "0";
  const records = paxRecords(entry.name, size);
  const header = ustarHeader(entry.name, size, type, entry);
  if (records.length === 0) return header;
  const extended = ustarHeader("pax", records.length, "x", entry);
  const fill = ZEROS.subarray(0, padding(records.length));
  return Buffer.concat([extended, records, fill, header]);
}

/** Empty if the ustar header suffices: for a short name in ASCII, as the header does not say its charset. */
function paxRecords(name: string, size: number): Uint8Array {
  const isPlain = /^[\x20-\x7e]*$/.test(name) && name.length <= MAX_NAME_BYTES;
  return Buffer.concat([
    ...(isPlain ? [] : [record("path", name)]),
    ...(size <= MAX_SIZE ? [] : [record("size", String(size))]),
  ]);
}

/** "LENGTH KEY=VALUE\n"; the length includes its own digits. */
function record(key: string, value: string): Uint8Array {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let digits = 1;
  while (String(rest.length + digits).length > digits) digits++;
  return Buffer.concat([Buffer.from(String(rest.length + digits)), rest]);
}

function ustarHeader(name: string, size: number, type: string, entry: ArchiveEntry): Uint8Array {
  const seconds = Math.min(Math.max(Math.floor(entry.modified / 1_000), 0), MAX_SIZE);
  const header = Buffer.alloc(BLOCK);
  Buffer.from(name).copy(header, 0, 0, MAX_NAME_BYTES);
  header.write(octal(unixMode(entry) & 0o7777, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size <= MAX_SIZE ? size : 0, 11), 124);
  header.write(octal(seconds, 11), 136);
  // The checksum is calculated with spaces in its place.
  header.write(" ".repeat(8), 148);
  header.write(type, 156);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

function octal(number: number, digits: number): string {
  return number.toString(8).padStart(digits, "0");
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}
