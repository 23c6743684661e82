// The ZIP format (PKWARE's APPNOTE.TXT 6.3.10), written as a stream: the size and checksum of a file follow it, in a data
// descriptor (s. 4.3.9). Files are not compressed, but are in stored Deflate blocks (RFC 1951 s. 3.2.4), which mark their
// own end, so that an archive can also be unpacked as a stream.

import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";

import { type ArchiveEntry, unixMode } from "./walk.ts";

const SIGNATURE = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  central: 0x02014b50,
  zip64End: 0x06064b50,
  zip64Locator: 0x07064b50,
  end: 0x06054b50,
} as const;

/** The version needed to unpack (s. 4.4.3): 2.0 for folders and Deflate, 4.5 for ZIP64. */
const VERSION = 20;
const VERSION_64 = 45;
/** The attributes are Unix's (s. 4.4.2). */
const MADE_BY = (3 << 8) | VERSION_64;
/** Bit 3: the sizes follow the file; bit 11: names are UTF-8 (s. 4.4.4). */
const FLAGS = (1 << 3) | (1 << 11);
const METHOD = { stored: 0, deflate: 8 } as const;
/** Written into a field that is too narrow for its number, which is then in the ZIP64 field (s. 4.4.1.4). */
const IN_ZIP64 = 0xffffffff;
const COUNT_IN_ZIP64 = 0xffff;
/** Ids of extra fields: ZIP64 (s. 4.5.3), and Info-ZIP's time in seconds since 1970. */
const EXTRA = { zip64: 0x0001, time: 0x5455 } as const;

/** Bytes of a stored Deflate block, and of its header. */
const MAX_BLOCK = 65_535;
const BLOCK_HEADER = 5;

/** Bytes of the pages in which the central directory is kept: they take less memory than an object for each entry. */
const PAGE = 65_536;

/** An entry that has been written. */
interface Written {
  readonly entry: ArchiveEntry;
  readonly name: Buffer;
  readonly offset: number;
  readonly crc: number;
  readonly size: number;
  readonly stored: number;
}

export async function* zip(
  entries: AsyncIterable<ArchiveEntry>,
): AsyncGenerator<Uint8Array, void, void> {
  const pages: Buffer[] = [];
  let page: Buffer[] = [];
  let pageBytes = 0;
  let directoryBytes = 0;
  let count = 0;
  let offset = 0;

  for await (const entry of entries) {
    const start = offset;
    const name = Buffer.from(entry.name);
    const isLarge = maxStoredSize(entry.content?.size ?? 0) >= IN_ZIP64;
    const local = localHeader(entry, name, isLarge);
    yield local;
    offset += local.length;

    let crc = 0;
    let size = 0;
    let stored = 0;
    if (entry.content !== null) {
      for await (const chunk of entry.content.chunks) {
        crc = crc32(chunk, crc);
        size += chunk.length;
        const blocks = storedBlocks(chunk);
        stored += blocks.length;
        yield blocks;
      }
      stored += LAST_BLOCK.length;
      yield Buffer.concat([LAST_BLOCK, descriptor(crc, stored, size, isLarge)]);
      offset += stored + (isLarge ? 24 : 16);
    }

    const record = centralHeader({ entry, name, offset: start, crc, size, stored });
    page.push(record);
    pageBytes += record.length;
    directoryBytes += record.length;
    count++;
    if (pageBytes < PAGE) continue;
    pages.push(Buffer.concat(page));
    page = [];
    pageBytes = 0;
  }

  yield* pages;
  yield* page;
  yield endRecords(count, directoryBytes, offset);
}

/** BFINAL 1 and BTYPE 00, a length of 0, and its complement. */
const LAST_BLOCK = Uint8Array.of(1, 0, 0, 0xff, 0xff);

function storedBlocks(chunk: Uint8Array): Buffer {
  const count = Math.ceil(chunk.length / MAX_BLOCK);
  const blocks = Buffer.allocUnsafeSlow(chunk.length + count * BLOCK_HEADER);
  let at = 0;
  for (let from = 0; from < chunk.length; from += MAX_BLOCK) {
    const piece = chunk.subarray(from, from + MAX_BLOCK);
    at = blocks.writeUInt8(0, at);
    at = blocks.writeUInt16LE(piece.length, at);
    at = blocks.writeUInt16LE(piece.length ^ 0xffff, at);
    blocks.set(piece, at);
    at += piece.length;
  }
  return blocks;
}

/** For a file that is read in chunks of 4 KiB or more. */
function maxStoredSize(size: number): number {
  return size + (Math.ceil(size / 4_096) + 1) * BLOCK_HEADER;
}

/** s. 4.3.7 */
function localHeader(entry: ArchiveEntry, name: Buffer, isLarge: boolean): Buffer {
  // A ZIP64 field, though empty, means that the sizes in the data descriptor have eight bytes (s. 4.3.9.2).
  const extra = Buffer.concat([
    ...(isLarge ? [extraField(EXTRA.zip64, Buffer.alloc(16))] : []),
    timeField(entry.modified),
  ]);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(SIGNATURE.local, 0);
  header.writeUInt16LE(isLarge ? VERSION_64 : VERSION, 4);
  writeCommon(header, 6, entry);
  if (isLarge) {
    header.writeUInt32LE(IN_ZIP64, 18);
    header.writeUInt32LE(IN_ZIP64, 22);
  }
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra]);
}

/** s. 4.3.9 */
function descriptor(crc: number, stored: number, size: number, isLarge: boolean): Buffer {
  const written = Buffer.alloc(isLarge ? 24 : 16);
  written.writeUInt32LE(SIGNATURE.descriptor, 0);
  written.writeUInt32LE(crc, 4);
  if (isLarge) {
    written.writeBigUInt64LE(BigInt(stored), 8);
    written.writeBigUInt64LE(BigInt(size), 16);
  } else {
    written.writeUInt32LE(stored, 8);
    written.writeUInt32LE(size, 12);
  }
  return written;
}

/** s. 4.3.12 */
function centralHeader({ entry, name, offset, crc, size, stored }: Written): Buffer {
  // Only the numbers whose own field is too narrow, in this order (s. 4.5.3).
  const wide = [size, stored, offset].filter((number) => number >= IN_ZIP64);
  const extra = Buffer.concat([
    ...(wide.length === 0 ? [] : [extraField(EXTRA.zip64, Buffer.concat(wide.map(eightBytes)))]),
    timeField(entry.modified),
  ]);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(SIGNATURE.central, 0);
  header.writeUInt16LE(MADE_BY, 4);
  header.writeUInt16LE(wide.length === 0 ? VERSION : VERSION_64, 6);
  writeCommon(header, 8, entry);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(narrow(stored), 20);
  header.writeUInt32LE(narrow(size), 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  // Unix's mode in the upper half, MS-DOS's folder attribute in the lower.
  header.writeUInt32LE(((unixMode(entry) << 16) | (entry.content === null ? 0x10 : 0)) >>> 0, 38);
  header.writeUInt32LE(narrow(offset), 42);
  return Buffer.concat([header, name, extra]);
}

/** s. 4.3.14 to 4.3.16 */
function endRecords(count: number, bytes: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(SIGNATURE.end, 0);
  end.writeUInt16LE(Math.min(count, COUNT_IN_ZIP64), 8);
  end.writeUInt16LE(Math.min(count, COUNT_IN_ZIP64), 10);
  end.writeUInt32LE(narrow(bytes), 12);
  end.writeUInt32LE(narrow(offset), 16);
  if (count < COUNT_IN_ZIP64 && bytes < IN_ZIP64 && offset < IN_ZIP64) return end;

  const wide = Buffer.alloc(56 + 20);
  wide.writeUInt32LE(SIGNATURE.zip64End, 0);
  wide.writeBigUInt64LE(44n, 4);
  wide.writeUInt16LE(MADE_BY, 12);
  wide.writeUInt16LE(VERSION_64, 14);
  eightBytes(count).copy(wide, 24);
  eightBytes(count).copy(wide, 32);
  eightBytes(bytes).copy(wide, 40);
  eightBytes(offset).copy(wide, 48);
  wide.writeUInt32LE(SIGNATURE.zip64Locator, 56);
  eightBytes(offset + bytes).copy(wide, 64);
  wide.writeUInt32LE(1, 72);
  return Buffer.concat([wide, end]);
}

/** Flags, method, time and date: the same in both headers. */
function writeCommon(header: Buffer, at: number, { content, modified }: ArchiveEntry): void {
  const isFile = content !== null;
  header.writeUInt16LE(isFile ? FLAGS : FLAGS & ~(1 << 3), at);
  header.writeUInt16LE(isFile ? METHOD.deflate : METHOD.stored, at + 2);
  header.writeUInt32LE(dosTime(new Date(modified)), at + 4);
}

/** Local time in steps of two seconds, below a date from 1980 to 2107 (s. 4.4.6). */
function dosTime(moment: Date): number {
  const year = moment.getFullYear();
  if (year < 1980) return ((1 << 5) | 1) << 16;
  const date =
    (Math.min(year - 1980, 127) << 9) | ((moment.getMonth() + 1) << 5) | moment.getDate();
  const time = (moment.getHours() << 11) | (moment.getMinutes() << 5) | (moment.getSeconds() >> 1);
  return ((date << 16) | time) >>> 0;
}

/** The time independent of zones; a date after 2038 has only the MS-DOS time. */
function timeField(modified: number): Buffer {
  const seconds = Math.floor(modified / 1_000);
  if (seconds < -0x80000000 || seconds > 0x7fffffff) return Buffer.alloc(0);
  const data = Buffer.alloc(5);
  data.writeUInt8(1, 0);
  data.writeInt32LE(seconds, 1);
  return extraField(EXTRA.time, data);
}

function extraField(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}

function narrow(number: number): number {
  return Math.min(number, IN_ZIP64);
}

function eightBytes(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
}
