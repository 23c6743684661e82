// Messages of multicast DNS (RFC 6762), in the format of DNS (RFC 1035 s. 4). Reads the record types that services are
// described with, and skips all others. Pure; knows no service.
//
//   0       2       4         6       8         10          12
//   | id    | flags | questions | answers | authority | additional | questions and records ...
//
//   a record:  name | type (2) | flush and class (2) | ttl (4) | length (2) | data

/** A name as its labels, so that a label may contain dots (RFC 6763 s. 4.3). */
export type Name = readonly string[];

export type QuestionType = "PTR" | "SRV" | "TXT" | "A" | "ANY";

export interface Question {
  readonly name: Name;
  readonly type: QuestionType;
}

export type RecordData =
  | { readonly type: "PTR"; readonly target: Name }
  | { readonly type: "SRV"; readonly port: number; readonly target: Name }
  | { readonly type: "TXT"; readonly texts: readonly string[] }
  /** Dotted, of IPv4. */
  | { readonly type: "A"; readonly address: string };

export type DnsRecord = RecordData & {
  readonly name: Name;
  /** Seconds; 0 takes the record back (RFC 6762 s. 10.1). */
  readonly ttl: number;
  /** It replaces what was known of this name and type (RFC 6762 s. 10.2). */
  readonly flush: boolean;
};

export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  readonly questions: readonly Question[];
  /** Of a response, what it says; of a question, what is known already (RFC 6762 s. 7.1). */
  readonly answers: readonly DnsRecord[];
  /** In a question, what its sender wants to own (RFC 6762 s. 8.2). */
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

const HEADER_BYTES = 12;
/** QR and AA: every response of multicast DNS is authoritative (RFC 6762 s. 18). */
const RESPONSE = 0x8400;
const IS_RESPONSE = 0x8000;
/** IN, and the bit that means flush in a record (RFC 6762 s. 18.13). */
const CLASS_IN = 1;
const FLUSH = 0x8000;
const TYPES = { A: 1, PTR: 12, TXT: 16, SRV: 33, ANY: 255 } as const;
/** Bytes of a label and of a name (RFC 1035 s. 2.3.4). */
export const MAX_LABEL = 63;
const MAX_NAME = 255;
const POINTER = 0xc0;
/** Questions and records of a message; one with more is not read. A service has four, and each answers in its own message. */
const MAX_ENTRIES = 64;

/** ASCII letters are compared without their case (RFC 6762 s. 16). */
export function isSameName(one: Name, other: Name): boolean {
  return one.length === other.length && one.every((label, at) => fold(label) === fold(other[at]));
}

function fold(label: string | undefined): string | undefined {
  return label?.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Names are written in full: a message of ours has some 400 bytes. */
export function encodeMessage(message: DnsMessage): Uint8Array {
  const { id, isResponse, questions, answers, authorities, additionals } = message;
  const header = Buffer.alloc(HEADER_BYTES);
  const counts = [questions, answers, authorities, additionals].map(({ length }) => length);
  for (const [at, value] of [id, isResponse ? RESPONSE : 0, ...counts].entries()) {
    header.writeUInt16BE(value, at * 2);
  }
  const written = questions.map(({ name, type }) =>
    Buffer.concat([encodeName(name), numbers([TYPES[type], CLASS_IN])]),
  );
  const records = [...answers, ...authorities, ...additionals].map(encodeRecord);
  return Buffer.concat([header, ...written, ...records]);
}

function encodeRecord(record: DnsRecord): Uint8Array {
  const { name, type, ttl, flush } = record;
  const data = encodeData(record);
  const fields = Buffer.alloc(10);
  fields.writeUInt16BE(TYPES[type], 0);
  fields.writeUInt16BE(CLASS_IN | (flush ? FLUSH : 0), 2);
  fields.writeUInt32BE(ttl, 4);
  fields.writeUInt16BE(data.byteLength, 8);
  return Buffer.concat([encodeName(name), fields, data]);
}

/** Also what two programs that want the same name compare (RFC 6762 s. 8.2). */
export function encodeData(data: RecordData): Uint8Array {
  switch (data.type) {
    case "PTR":
      return encodeName(data.target);
    case "SRV":
      // Priority and weight choose among several records, of which there is one.
      return Buffer.concat([numbers([0, 0, data.port]), encodeName(data.target)]);
    case "TXT":
      return Buffer.concat(data.texts.map(encodeLabel));
    case "A":
      return Buffer.from(data.address.split(".").map(Number));
  }
}

function encodeName(name: Name): Uint8Array {
  return Buffer.concat([...name.map(encodeLabel), Buffer.from([0])]);
}

function encodeLabel(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.byteLength]), bytes]);
}

function numbers(values: readonly number[]): Uint8Array {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

/** Where a message is being read; reading beyond its end throws a RangeError. */
interface Reader {
  readonly bytes: Buffer;
  at: number;
}

/** Null for what is no such message, or is cut off. */
export function decodeMessage(datagram: Uint8Array): DnsMessage | null {
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  try {
    return readMessage({ bytes, at: 0 });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readMessage(reader: Reader): DnsMessage {
  const id = readNumber(reader);
  const flags = readNumber(reader);
  const counts = [0, 0, 0, 0].map(() => readNumber(reader));
  if (counts.reduce((sum, count) => sum + count, 0) > MAX_ENTRIES) throw new RangeError();
  const [questions = [], answers = [], authorities = [], additionals = []] = [
    readQuestion,
    readRecord,
    readRecord,
    readRecord,
  ].map((read, section) => Array.from({ length: counts[section] ?? 0 }, () => read(reader)));
  return {
    id,
    isResponse: (flags & IS_RESPONSE) !== 0,
    questions: questions.filter(isQuestion),
    answers: answers.filter(isRecord),
    authorities: authorities.filter(isRecord),
    additionals: additionals.filter(isRecord),
  };
}

function isQuestion(entry: Question | DnsRecord | null): entry is Question {
  return entry !== null && !("ttl" in entry);
}

function isRecord(entry: Question | DnsRecord | null): entry is DnsRecord {
  return entry !== null && "ttl" in entry;
}

function readQuestion(reader: Reader): Question | null {
  const name = readName(reader);
  const type = typeCalled(readNumber(reader));
  readNumber(reader);
  return type === null ? null : { name, type };
}

function typeCalled(code: number): QuestionType | null {
  for (const type of ["PTR", "SRV", "TXT", "A", "ANY"] as const) {
    if (TYPES[type] === code) return type;
  }
  return null;
}

function readRecord(reader: Reader): DnsRecord | null {
  const name = readName(reader);
  const type = typeCalled(readNumber(reader));
  const flush = (readNumber(reader) & FLUSH) !== 0;
  const ttl = readNumber(reader) * 0x1_0000 + readNumber(reader);
  const length = readNumber(reader);
  const end = reader.at + length;
  if (end > reader.bytes.byteLength) throw new RangeError();
  const data = type === null || type === "ANY" ? null : readData(reader, type, end);
  reader.at = end;
  return data === null ? null : { ...data, name, ttl, flush };
}

function readData(reader: Reader, type: RecordData["type"], end: number): RecordData {
  switch (type) {
    case "PTR":
      return { type, target: readName(reader) };
    case "SRV": {
      // Priority and weight.
      reader.at += 4;
      return { type, port: readNumber(reader), target: readName(reader) };
    }
    case "TXT": {
      const texts: string[] = [];
      while (reader.at < end) texts.push(readLabel(reader, readByte(reader)));
      return { type, texts };
    }
    case "A":
      return { type, address: [0, 0, 0, 0].map(() => readByte(reader)).join(".") };
  }
}

/** Pointers lead backwards only (RFC 1035 s. 4.1.4), so that they end. */
function readName(reader: Reader): Name {
  const labels: string[] = [];
  let from = reader.at;
  /** Where to go on behind the first pointer. */
  let next: number | null = null;
  let length = 0;
  for (;;) {
    const byte = readByte(reader);
    if (byte === 0) break;
    if ((byte & POINTER) === POINTER) {
      const to = (byte & ~POINTER) * 0x100 + readByte(reader);
      next ??= reader.at;
      if (to >= from) throw new RangeError();
      from = to;
      reader.at = to;
      continue;
    }
    length += byte + 1;
    if (byte > MAX_LABEL || length > MAX_NAME) throw new RangeError();
    labels.push(readLabel(reader, byte));
  }
  if (next !== null) reader.at = next;
  return labels;
}

function readLabel(reader: Reader, length: number): string {
  const end = reader.at + length;
  if (end > reader.bytes.byteLength) throw new RangeError();
  const text = reader.bytes.toString("utf8", reader.at, end);
  reader.at = end;
  return text;
}

function readByte(reader: Reader): number {
  const byte = reader.bytes.readUInt8(reader.at);
  reader.at += 1;
  return byte;
}

function readNumber(reader: Reader): number {
  return readByte(reader) * 0x100 + readByte(reader);
}
