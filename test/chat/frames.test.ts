// The frames of a room: what each may hold, and what becomes of those that hold something else.

import { describe, expect, test } from "bun:test";

import { createServerFrameReader, encodeFrame, type ServerFrame } from "../../src/chat/frames.ts";
import { type MemberFrame, readMemberFrame } from "../../src/chat/member-frames.ts";
import { encodeMessage, encodeStored, readStored } from "../../src/chat/short-frames.ts";

const readServerFrame = createServerFrameReader();

const DEVICE = "abcdefghijklmnopqrstu_";
const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const entering = { type: "enter", room: "main", name: "Ann", device: DEVICE } as const;
const entry = {
  sequence: 1,
  time: 1_000,
  author: "key of Ann",
  name: "Ann",
  device: DEVICE,
  number: 0,
  text: "hello",
};
const member = { name: "Ann", fingerprint: "key of Ann", away: false };

const MEMBER_FRAMES: MemberFrame[] = [
  entering,
  { ...entering, after: { log: "log", sequence: 7 } },
  { type: "say", number: 0, text: "" },
  { type: "rename", request: 1, name: "Bob" },
  { type: "who", request: 1 },
  { type: "rooms", request: 1 },
  { type: "history", request: 1, count: 100 },
  { type: "history", request: 1, count: 0, before: 5, words: "cat" },
  { type: "kick", request: 1, name: "Bob" },
  { type: "mute", request: 1, name: "Bob", muted: true },
  { type: "ban", request: 1, name: "Bob" },
  { type: "unban", request: 1, name: "Bob" },
  { type: "bans", request: 1 },
  { type: "invites", request: 1 },
  { type: "revoke", request: 1, number: 2 },
  { type: "op", request: 1, name: "Bob", operator: true },
  { type: "lock", request: 1, locked: false },
  { type: "delete", request: 1, room: "lunch" },
  { type: "invite", request: 1 },
  { type: "invite", request: 1, uses: 1, seconds: 1 },
  { type: "look", request: 1 },
  { type: "watch", rooms: [{ room: "lunch", after: 7 }, { room: "main" }] },
];

const SERVER_FRAMES: ServerFrame[] = [
  {
    type: "welcome",
    room: "main",
    name: "Ann",
    owner: true,
    log: "log",
    last: 0,
    members: [member],
  },
  { type: "message", ...entry },
  { type: "joined", ...member },
  { type: "left", name: "Ann", reason: "" },
  { type: "away", name: "Ann", away: true },
  { type: "renamed", from: "Ann", to: "Bob" },
  { type: "refused", number: 0, code: "MUTED", message: "you are muted" },
  { type: "news", rooms: [{ room: "lunch", after: 7, unread: 2, mentions: 0 }] },
  {
    type: "news",
    rooms: [
      { room: "lunch", after: 7, unread: 2, mentions: 1, mention: { name: "Bob", text: "Ann?" } },
    ],
  },
  { type: "done", request: 1 },
  { type: "failed", request: 1, code: "NAME_TAKEN", message: "taken" },
  { type: "people", request: 1, members: [member] },
  { type: "rooms", request: 1, rooms: [{ name: "main", entries: 0, members: 1 }] },
  { type: "found", request: 1, entries: [entry] },
  { type: "invited", request: 1, invitation: "charla://host/main" },
  { type: "invited", request: 1, invitation: "charla://h:1,[::1]/main?via=r.example:2,s#K.S" },
  { type: "invited", request: 1, invitation: "charla://h", page: "http://h:1/main#K.S" },
  { type: "invited", request: 1, invitation: "charla://h", page: "https://[::1]/%C3%A1#K,relay:7" },
  { type: "banned", request: 1, name: "Bob", fingerprint: "key", closed: ["standing", "3"] },
  {
    type: "banned",
    request: 1,
    name: "Bob",
    fingerprint: "key",
    closed: [],
    invitation: "charla://x",
    page: "http://h:1/main#K.S",
    open: true,
  },
  {
    type: "invitations",
    request: 1,
    invitations: [
      { id: "standing", count: 1, guests: [{ fingerprint: "key" }] },
      { id: "1", room: "main", left: 0, until: 1, count: 1, guests: [] },
    ],
  },
  { type: "bans", request: 1, bans: [{ fingerprint: "key", name: "Bob", by: "Ann", time: 1 }] },
  { type: "rights", operator: true, muted: false },
  {
    type: "people",
    request: 1,
    members: [
      { name: "Bob", fingerprint: "key", away: false, owner: true, operator: true, muted: true },
    ],
  },
  { type: "notice", code: "MUTED", message: "you are muted" },
  { type: "notice", code: "STORE_NEARLY_FULL", message: "80 %", hint: "delete something" },
  { type: "seen", request: 1, time: 1_000 },
  { type: "seen", request: 1, time: 1_000, address: "192.0.2.1:40000" },
];

describe("a frame comes back as it was", () => {
  test.each(MEMBER_FRAMES.map((frame) => [JSON.stringify(frame), frame] as const))(
    "of a member: %s",
    (_, frame) => {
      expect(readMemberFrame(encodeFrame(frame))).toEqual({ type: "frame", frame });
    },
  );

  test.each(SERVER_FRAMES.map((frame) => [JSON.stringify(frame), frame] as const))(
    "of a server: %s",
    (_, frame) => {
      expect(readServerFrame(encodeFrame(frame))).toEqual({ type: "frame", frame });
    },
  );

  test("without what is not known of it", () => {
    const reading = readMemberFrame(bytes({ type: "who", request: 1, later: true }));
    expect(reading).toEqual({ type: "frame", frame: { type: "who", request: 1 } });
  });
});

describe("a frame without one of its parts, or with something else in it, is invalid", () => {
  const OPTIONAL = new Set([
    "type",
    "after",
    "before",
    "words",
    "uses",
    "seconds",
    "address",
    "hint",
    "invitation",
    "open",
    "page",
  ]);
  const cases = (frames: readonly (MemberFrame | ServerFrame)[]): [string, object][] =>
    frames.flatMap((frame) =>
      Object.keys(frame)
        .filter((key) => !OPTIONAL.has(key))
        .flatMap((key): [string, object][] => [
          [`${frame.type} without ${key}`, { ...frame, [key]: undefined }],
          [`${frame.type} with another ${key}`, { ...frame, [key]: { not: 1 } }],
        ]),
    );

  test.each(cases(MEMBER_FRAMES))("of a member: %s", (_, frame) => {
    expect(readMemberFrame(bytes(frame)).type).toBe("invalid");
  });

  test.each(cases(SERVER_FRAMES))("of a server: %s", (_, frame) => {
    expect(readServerFrame(bytes(frame)).type).toBe("invalid");
  });

  test.each([
    ["say: number", { type: "say", number: -1, text: "" }],
    ["say: number", { type: "say", number: 0.5, text: "" }],
    ["say: number", { type: "say", number: 2 ** 53, text: "" }],
    ["say: text", { type: "say", number: 0, text: "x".repeat(10_001) }],
    ["history: count", { type: "history", request: 1, count: 101 }],
    ["history: before", { type: "history", request: 1, count: 1, before: "5" }],
    ["invite: uses", { type: "invite", request: 1, uses: 0 }],
    [
      "watch: rooms",
      { type: "watch", rooms: Array.from({ length: 51 }, () => ({ room: "lunch" })) },
    ],
    ["watch: rooms.0.room", { type: "watch", rooms: [{ room: "a room" }] }],
    ["watch: rooms.0.after", { type: "watch", rooms: [{ room: "lunch", after: -1 }] }],
    ["enter: device", { ...entering, device: "short" }],
    ["enter: after.sequence", { ...entering, after: { log: "log" } }],
    ["enter: room", { ...entering, room: "" }],
    ["enter: room", { ...entering, room: "a room" }],
    ["enter: room", { ...entering, room: "../etc" }],
    ["enter: room", { ...entering, room: "x".repeat(41) }],
  ])("%s", (where, frame) => {
    expect(readMemberFrame(bytes(frame))).toEqual({
      type: "invalid",
      why: `${where} is not valid`,
    });
  });

  test.each([
    ["invited: invitation", { type: "invited", request: 1, invitation: "charla://a\nls" }],
    ["invited: invitation", { type: "invited", request: 1, invitation: "charla://a;ls" }],
    ["invited: invitation", { type: "invited", request: 1, invitation: "charla://a?b&ls" }],
    ["invited: invitation", { type: "invited", request: 1, invitation: "charla://a'ls'" }],
    ["invited: invitation", { type: "invited", request: 1, invitation: "-x" }],
    ...["javascript:alert(1)//#K", "http://h/a'#K", "http://u:p@h/main#K", "http://h/a/b#K"].map(
      (page) =>
        ["invited: page", { type: "invited", request: 1, invitation: "charla://h", page }] as const,
    ),
    ["seen: time", { type: "seen", request: 1, time: 8.64e15 + 1 }],
  ])("%s, of a server", (where, frame) => {
    expect(readServerFrame(bytes(frame))).toEqual({
      type: "invalid",
      why: `${where} is not valid`,
    });
  });

  test("and what it holds is not repeated", () => {
    const reading = readMemberFrame(bytes({ type: "kick", request: "secret", name: "Bob" }));
    expect(JSON.stringify(reading)).not.toContain("secret");
  });
});

const nameIn = (name: string) => {
  const reading = readMemberFrame(bytes({ ...entering, name }));
  return reading.type === "frame" && reading.frame.type === "enter" ? reading.frame.name : null;
};

describe("a name", () => {
  test.each(["A", "Ann Lee", "O'Neil", "ñandú", "李小龍", "أحمد", "👩", "x".repeat(40), "a b"])(
    "may be %j",
    (name) => {
      expect(nameIn(name)).toBe(name);
    },
  );

  test("is in one spelling, however it was typed", () => {
    expect(nameIn("Jose\u0301")).toBe("Jos\u00e9");
  });

  test.each([
    ["empty", ""],
    ["blank", " "],
    ["with a blank before it", " Ann"],
    ["with a blank behind it", "Ann "],
    ["with a newline", "Ann\nBob"],
    ["with an escape", "Ann\u001b[31m"],
    ["with a NUL", "Ann\0"],
    ["with a C1 control", "Ann\u009b31m"],
    ["with a right-to-left override", "Ann\u202ebob"],
    ["with an isolate", "Ann\u2066bob"],
    ["with a zero-width space", "Ann\u200b"],
    ["with a byte order mark", "\ufeffAnn"],
    ["with a no-break space", "Ann\u00a0Lee"],
    ["with a line separator", "Ann\u2028Lee"],
    ["with half a surrogate", "Ann\ud83e"],
    ["a letter that shows nothing", "\u3164"],
    ["with a symbol that shows nothing", "Ann\u2800"],
    ["with two blanks in a row", "a  b"],
    ["of 41 characters", "x".repeat(41)],
  ])("may not be %s", (_, name) => {
    expect(nameIn(name)).toBeNull();
  });
});

test("a room's name is in one spelling, and in that at most 40 characters long", () => {
  const long = "e\u0301".repeat(40);
  const reading = readMemberFrame(bytes({ ...entering, room: long }));
  expect(reading).toMatchObject({ type: "frame", frame: { room: "\u00e9".repeat(40) } });
});

describe("a short frame (docs/protocol.md s. 18.4)", () => {
  const author = { type: "author", index: 3, author: "key of Ann", name: "Ann", device: DEVICE };

  test("says a text with its number", () => {
    const frame = { type: "say", number: 12, text: "hello" } as const;
    expect(new TextDecoder().decode(encodeFrame(frame))).toBe('[12,"hello"]');
    expect(readMemberFrame(bytes('[12,"hello"]'))).toEqual({ type: "frame", frame });
    expect(readMemberFrame(bytes(frame))).toEqual({ type: "frame", frame });
  });

  test("is a message of an author who was introduced before, 38 bytes long for a text of ten characters", () => {
    const read = createServerFrameReader();
    expect(read(bytes(author))).toEqual({ type: "unknown" });
    const short = encodeMessage(3, {
      ...entry,
      sequence: 1_234,
      time: 1_764_000_000_000,
      number: 12,
      text: "0123456789",
    });
    expect(new TextDecoder().decode(short)).toBe('[3,1234,1764000000000,12,"0123456789"]');
    expect(short).toHaveLength(38);
    expect(read(bytes('[3,1,1000,0,"hello"]'))).toEqual({
      type: "frame",
      frame: { type: "message", ...entry },
    });
  });

  test("is of the author who has the number last, in the same channel", () => {
    const read = createServerFrameReader();
    read(bytes(author));
    read(bytes({ ...author, name: "Bob" }));
    expect(read(bytes('[3,1,1000,0,"hello"]'))).toMatchObject({ frame: { name: "Bob" } });
    const other = createServerFrameReader();
    expect(other(bytes('[3,1,1000,0,"hello"]')).type).toBe("invalid");
  });

  test.each([
    "[]",
    "[12]",
    '["12","x"]',
    '[-1,"x"]',
    '[12,"x",0]',
    "[12,null]",
    `[12,"${"x".repeat(10_001)}"]`,
  ])("of a member is invalid: %s", (json) => {
    const why = "say: the frame is not valid";
    expect(readMemberFrame(bytes(json))).toEqual({ type: "invalid", why });
  });

  test.each([
    "[]",
    '[12,"x"]',
    "[3,1,1000,0]",
    '[4,1,1000,0,"x"]',
    '[3,1,8640000000000001,0,"x"]',
    '[3,1,1000,0,"x",1]',
    '[3,1.5,1000,0,"x"]',
  ])("of a server is invalid: %s", (json) => {
    const read = createServerFrameReader();
    read(bytes(author));
    const why = "message: the frame is not valid";
    expect(read(bytes(json))).toEqual({ type: "invalid", why });
  });

  test("or rather a note says up to which number everything is stored, and where the last is (s. 18.5)", () => {
    expect(new TextDecoder().decode(encodeStored(12, 1_234))).toBe("[12,1234]");
    expect(readStored(bytes("[12,1234]"))).toBe(12);
    for (const other of ["[12]", "[-1,2]", "{}", "x"]) expect(readStored(bytes(other))).toBeNull();
  });

  test("introduces at most 32 authors at a time", () => {
    expect(readServerFrame(bytes({ ...author, index: 31 })).type).toBe("unknown");
    expect(readServerFrame(bytes({ ...author, index: 32 })).type).toBe("invalid");
  });
});

describe("what is no frame", () => {
  test.each([
    ["nothing", new Uint8Array(0)],
    ["no JSON", bytes("hello")],
    ["JSON that is cut off", bytes('{"type":"who","request":1')],
    ["two frames", bytes('{"type":"who","request":1}{"type":"who","request":2}')],
    ["bytes that are not UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
  ])("is invalid: %s", (_, message) => {
    expect(readMemberFrame(message)).toEqual({ type: "invalid", why: "a frame is not JSON" });
  });

  test.each(["null", "1", '"who"', "{}", '{"type":1}', '{"type":null}', '{"request":1}'])(
    "has no type: %s",
    (json) => {
      expect(readMemberFrame(bytes(json))).toEqual({
        type: "invalid",
        why: "a frame has no type",
      });
    },
  );

  test("is of a later version when its type is not known, and of the other end's as well", () => {
    expect(readMemberFrame(bytes({ type: "dance", steps: 3 }))).toEqual({ type: "unknown" });
    expect(readMemberFrame(bytes({ type: "message", ...entry }))).toEqual({ type: "unknown" });
    expect(readServerFrame(bytes({ type: "say", number: 0, text: "" }))).toEqual({
      type: "unknown",
    });
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty", ""])(
    "is of a later version, called %j",
    (type) => {
      expect(readMemberFrame(bytes({ type }))).toEqual({ type: "unknown" });
    },
  );

  test("may be as deep as a message is long", () => {
    const deep = `${"[".repeat(32_000)}${"]".repeat(32_000)}`;
    expect(readMemberFrame(bytes(deep)).type).toBe("invalid");
    const inside = `{"type":"say","number":0,"text":${deep}}`;
    expect(readMemberFrame(bytes(inside)).type).toBe("invalid");
    expect(readMemberFrame(bytes(`{"type":"dance","deep":${deep}}`)).type).toBe("unknown");
  });
});

test("keys that objects have of their own change nothing", () => {
  const json = `{"type":"say","number":0,"text":"x","__proto__":{"owner":true},"constructor":1}`;
  const reading = readMemberFrame(bytes(json));
  expect(reading).toEqual({ type: "frame", frame: { type: "say", number: 0, text: "x" } });
  expect(Object.hasOwn({}, "owner")).toBe(false);
  expect(readMemberFrame(bytes('{"__proto__":{"type":"who","request":1}}')).type).toBe("invalid");
  const inherited = `{"type":"say","number":0,"__proto__":{"text":"x"}}`;
  expect(readMemberFrame(bytes(inherited)).type).toBe("invalid");
});
