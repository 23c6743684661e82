// How a room's members are sent what is appended, with a store across a network whose answers and announcements take
// as long as a test wants. In virtual time, without I/O.

import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";

import type { Channel } from "../../src/chat/channel.ts";
import { createServerFrameReader, type Draft, type LogEntry } from "../../src/chat/frames.ts";
import { CharlaError } from "../../src/errors.ts";
import type { Log, OnAppended } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { createFanOut } from "../../src/server/fan-out.ts";
import { draft, entry } from "../log/drafts.ts";
import { seededRandom } from "../simulator/random.ts";

const UNREAD_FOR = 30_000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Runs all pending microtasks. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** A log whose reads are answered, and whose entries are announced, when the test says so. */
function remoteLog(fields: Partial<Draft> | ((sequence: number) => Partial<Draft>) = {}) {
  const entries: LogEntry[] = [];
  const reads: { readonly after: number; answer(error?: CharlaError): Promise<void> }[] = [];
  let subscriber: OnAppended | null = null;
  let announced = 0;
  const log: Log = {
    ...openMemoryLog({ now: () => 1_000 }),
    read(_, after, limit) {
      const found = entries.slice(after, after + limit);
      return new Promise((resolve, reject) => {
        const answer = (error?: CharlaError) => {
          if (error === undefined) resolve(found);
          else reject(error);
          return settle();
        };
        reads.push({ after, answer });
      });
    },
    subscribe(_, callback) {
      subscriber = callback;
      return { [Symbol.dispose]: () => void (subscriber = null) };
    },
  };
  return {
    log,
    reads,
    isSubscribed: () => subscriber !== null,
    append: (count: number) => {
      for (const _ of upTo(count)) {
        const sequence = entries.length + 1;
        entries.push(entry(sequence, typeof fields === "function" ? fields(sequence) : fields));
      }
    },
    /** Announces all entries since the last announcement, or the first so many of them. */
    announce: async (count = entries.length - announced) => {
      const batch = entries.slice(announced, announced + count);
      announced += count;
      subscriber?.(batch);
      await settle();
    },
    /** Announcements that are lost. */
    skip: (count: number) => void (announced += count),
  };
}

/** A channel that records what it is sent; it has room for more until it is filled. */
function recordingChannel() {
  const sequences: number[] = [];
  const names: string[] = [];
  const said: string[] = [];
  const streams: (Uint8Array | undefined)[] = [];
  const aborts: string[] = [];
  let full: PromiseWithResolvers<boolean> | null = null;
  let isOver = false;
  const readFrame = createServerFrameReader();
  const channel: Channel = {
    sayAll(messages, stream) {
      if (isOver) return false;
      streams.push(stream);
      for (const message of messages) {
        said.push(new TextDecoder().decode(message));
        const reading = readFrame(message);
        if (reading.type === "unknown") continue;
        if (reading.type !== "frame" || reading.frame.type !== "message") throw new Error("what?");
        sequences.push(reading.frame.sequence);
        names.push(reading.frame.name);
      }
      return full === null ? true : full.promise;
    },
    receive() {},
    async close() {},
    abort(_code, reason) {
      aborts.push(reason);
      isOver = true;
      full?.resolve(false);
    },
    ended: new Promise(() => {}),
  };
  return {
    channel,
    sequences,
    /** Of the authors. */
    names,
    /** All frames. */
    said,
    streams,
    aborts,
    fill: () => void (full ??= Promise.withResolvers()),
    async empty() {
      full?.resolve(true);
      full = null;
      await settle();
    },
  };
}

function fanOutOf(log: Log) {
  return createFanOut({ log, room: "main", unreadFor: UNREAD_FOR });
}

describe("a member that has everything", () => {
  test("is sent what is appended without reading the log, in the same bytes as all others", async () => {
    const { log, reads, append, announce } = remoteLog();
    append(5);
    using fanOut = fanOutOf(log);
    const [ann, bob] = [recordingChannel(), recordingChannel()];
    for (const { channel } of [ann, bob]) fanOut.send(channel, 5, 5);
    await settle();
    append(2);
    await announce(7);
    append(1);
    await announce();
    expect([ann.sequences, bob.sequences]).toEqual([
      [6, 7, 8],
      [6, 7, 8],
    ]);
    // The second batch began right after their cursors: it was not encoded again.
    expect(ann.streams[1]).toBeInstanceOf(Uint8Array);
    expect(bob.streams[1]).toBe(ann.streams[1]);
    expect(reads).toEqual([]);
  });

  test("is sent nothing more once its subscription is disposed of, and the others are", async () => {
    const { log, append, announce } = remoteLog();
    using fanOut = fanOutOf(log);
    const [ann, bob] = [recordingChannel(), recordingChannel()];
    const [sending] = [ann, bob].map(({ channel }) => fanOut.send(channel, 0, 0));
    await settle();
    append(1);
    await announce();
    sending?.[Symbol.dispose]();
    append(1);
    await announce();
    expect([ann.sequences, bob.sequences]).toEqual([[1], [1, 2]]);
  });

  test("is sent nothing once its channel is over, and the others are", async () => {
    const { log, append, announce } = remoteLog();
    using fanOut = fanOutOf(log);
    const [ann, bob] = [recordingChannel(), recordingChannel()];
    for (const { channel } of [ann, bob]) fanOut.send(channel, 0, 0);
    await settle();
    ann.channel.abort(1, "enough");
    append(1);
    await announce();
    expect([ann.sequences, bob.sequences]).toEqual([[], [1]]);
  });
});

describe("a member that is behind", () => {
  test("reads the log page by page, and is sent what is appended once it has everything", async () => {
    const { log, reads, append, announce } = remoteLog();
    append(2_500);
    using fanOut = fanOutOf(log);
    const { channel, sequences } = recordingChannel();
    fanOut.send(channel, 100, 2_500);
    await settle();
    for (const _ of upTo(4)) await reads.at(-1)?.answer();
    append(1);
    await announce(2_501);
    expect(sequences).toEqual(upTo(2_501).slice(100));
    expect(reads.map(({ after }) => after)).toEqual([100, 108, 1_108, 2_108]);
  });

  test("reads short pages where messages are long", async () => {
    const { log, reads, append } = remoteLog({ text: "x".repeat(10_000) });
    append(500);
    using fanOut = fanOutOf(log);
    const { channel, sequences } = recordingChannel();
    fanOut.send(channel, 0, 500);
    await settle();
    for (const _ of upTo(3)) await reads.at(-1)?.answer();
    expect(reads.map(({ after }) => after)).toEqual([0, 8, 34, 60]);
    expect(sequences).toEqual(upTo(60));
  });

  test("misses nothing that is appended and announced while its last page is being read", async () => {
    const { log, reads, append, announce } = remoteLog();
    append(3);
    using fanOut = fanOutOf(log);
    const { channel, sequences } = recordingChannel();
    fanOut.send(channel, 0, 3);
    await settle();
    append(2);
    await announce();
    await reads[0]?.answer();
    expect(sequences).toEqual([1, 2, 3]);
    await reads[1]?.answer();
    append(1);
    await announce();
    expect(sequences).toEqual(upTo(6));
    expect(reads.map(({ after }) => after)).toEqual([0, 3]);
  });

  test("misses nothing that is appended while its last page is being read and announced later", async () => {
    const { log, reads, append, announce } = remoteLog();
    append(3);
    using fanOut = fanOutOf(log);
    const { channel, sequences } = recordingChannel();
    fanOut.send(channel, 0, 3);
    await settle();
    append(2);
    await reads[0]?.answer();
    await announce();
    expect(sequences).toEqual(upTo(5));
    expect(reads).toHaveLength(1);
  });

  test("is sent nothing twice when it has read further than the log has announced", async () => {
    const { log, reads, append, announce } = remoteLog();
    append(3);
    using fanOut = fanOutOf(log);
    const { channel, sequences } = recordingChannel();
    fanOut.send(channel, 0, 2);
    await settle();
    await reads[0]?.answer();
    expect(sequences).toEqual([1, 2, 3]);
    // First a batch of which it has everything, then one of which it has a part.
    await announce(2);
    append(2);
    await announce(3);
    expect(sequences).toEqual(upTo(5));
  });

  test("reads what the log has not announced", async () => {
    const { log, reads, append, skip, announce } = remoteLog();
    using fanOut = fanOutOf(log);
    const { channel, sequences } = recordingChannel();
    fanOut.send(channel, 0, 0);
    await settle();
    append(5);
    skip(3);
    await announce();
    expect(sequences).toEqual([]);
    await reads[0]?.answer();
    append(1);
    await announce();
    expect(sequences).toEqual(upTo(6));
  });

  test("is sent nothing more when it leaves while a page is being read", async () => {
    const { log, reads, append, announce } = remoteLog();
    append(3);
    using fanOut = fanOutOf(log);
    const { channel, sequences } = recordingChannel();
    const sending = fanOut.send(channel, 0, 3);
    await settle();
    sending[Symbol.dispose]();
    await reads[0]?.answer();
    append(1);
    await announce();
    expect(sequences).toEqual([]);
    expect(reads).toHaveLength(1);
  });
});

describe("a member that does not read", () => {
  test("holds up nobody, and reads what it has missed once it has room", async () => {
    const { log, reads, append, announce } = remoteLog();
    using fanOut = fanOutOf(log);
    const [ann, slow] = [recordingChannel(), recordingChannel()];
    for (const { channel } of [ann, slow]) fanOut.send(channel, 0, 0);
    await settle();
    slow.fill();
    for (const _ of upTo(3)) {
      append(2);
      await announce();
    }
    expect([ann.sequences, slow.sequences]).toEqual([upTo(6), [1, 2]]);
    expect(reads).toEqual([]);
    jest.advanceTimersByTime(UNREAD_FOR - 1);
    await slow.empty();
    await reads[0]?.answer();
    append(1);
    await announce();
    expect([ann.sequences, slow.sequences]).toEqual([upTo(7), upTo(7)]);
    jest.advanceTimersByTime(UNREAD_FOR);
    expect(slow.aborts).toEqual([]);
  });

  test("is disconnected after a while, whether it fell behind or was behind", async () => {
    const { log, reads, append, announce } = remoteLog();
    append(2);
    using fanOut = fanOutOf(log);
    const [ann, fell, was] = [recordingChannel(), recordingChannel(), recordingChannel()];
    for (const { channel } of [ann, fell]) fanOut.send(channel, 2, 2);
    fanOut.send(was.channel, 0, 2);
    await settle();
    fell.fill();
    was.fill();
    await reads[0]?.answer();
    append(1);
    await announce(3);
    jest.advanceTimersByTime(UNREAD_FOR - 1);
    expect([fell.aborts, was.aborts]).toEqual([[], []]);
    jest.advanceTimersByTime(1);
    const reason = "you left your messages unread for 30 s";
    expect([fell.aborts, was.aborts]).toEqual([[reason], [reason]]);
    await settle();
    append(1);
    await announce();
    expect([ann.sequences, fell.sequences, was.sequences]).toEqual([[3, 4], [3], [1, 2]]);
    expect(reads).toHaveLength(1);
  });
});

describe("a log from which entries are deleted", () => {
  test("goes on with what is left, where a member had not read what was deleted", async () => {
    await using log = openMemoryLog({ now: () => 1_000 });
    for (const number of upTo(5)) await log.append("main", draft(number));
    using fanOut = fanOutOf(log);
    await log.deleteBefore("main", 4);
    const { channel, sequences, aborts } = recordingChannel();
    fanOut.send(channel, 1, 5);
    await settle();
    await log.append("main", draft(6));
    await settle();
    expect([sequences, aborts]).toEqual([[4, 5, 6], []]);
  });

  test("sends a member of a deleted room what is said in the next one of that name", async () => {
    await using log = openMemoryLog({ now: () => 1_000 });
    for (const number of upTo(3)) await log.append("main", draft(number));
    for (const number of upTo(9)) await log.append("garden", draft(number));
    using fanOut = fanOutOf(log);
    const [ann, behind] = [recordingChannel(), recordingChannel()];
    fanOut.send(ann.channel, 3, 3);
    behind.fill();
    fanOut.send(behind.channel, 2, 3);
    await settle();
    await log.append("main", draft(4));
    await log.deleteRoom("main");
    await log.deleteRoom("garden");
    await behind.empty();
    await log.append("main", draft(5));
    await settle();
    // The room begins after the longest one that was deleted.
    expect([ann.sequences.at(-1), ann.aborts]).toEqual([10, []]);
    expect([behind.sequences, behind.aborts]).toEqual([[3, 10], []]);
  });

  test("lets a member whose entries were all deleted wait for the next", async () => {
    await using log = openMemoryLog({ now: () => 1_000 });
    for (const number of upTo(5)) await log.append("main", draft(number));
    using fanOut = fanOutOf(log);
    await log.deleteBefore("main", 6);
    const { channel, sequences, aborts } = recordingChannel();
    fanOut.send(channel, 0, 5);
    await settle();
    expect([sequences, aborts]).toEqual([[], []]);
    await log.append("main", draft(6));
    await settle();
    expect([sequences, aborts]).toEqual([[6], []]);
  });
});

describe("a log that fails", () => {
  const full = new CharlaError("STORE_DAMAGED", "the store is damaged", "put it back from a copy");

  test("disconnects the members that read it with the reason, and nobody else", async () => {
    const { log, reads, append, announce } = remoteLog();
    append(2);
    using fanOut = fanOutOf(log);
    const [ann, behind] = [recordingChannel(), recordingChannel()];
    fanOut.send(ann.channel, 2, 2);
    fanOut.send(behind.channel, 0, 2);
    await settle();
    await reads[0]?.answer(full);
    append(1);
    await announce(3);
    expect([ann.aborts, behind.aborts]).toEqual([[], ["the store is damaged"]]);
    expect([ann.sequences, behind.sequences]).toEqual([[3], []]);
  });

  test("disconnects a member that reads entries which the log has lost", async () => {
    const { log, reads } = remoteLog();
    using fanOut = fanOutOf(log);
    const { channel, aborts } = recordingChannel();
    fanOut.send(channel, 0, 2);
    await settle();
    await reads[0]?.answer();
    expect(aborts).toEqual(["entries of main are missing from the store"]);
  });

  test("does not concern a member that has left meanwhile", async () => {
    const { log, reads, append } = remoteLog();
    append(2);
    using fanOut = fanOutOf(log);
    const { channel, aborts } = recordingChannel();
    const sending = fanOut.send(channel, 0, 2);
    await settle();
    sending[Symbol.dispose]();
    await reads[0]?.answer(full);
    expect(aborts).toEqual([]);
  });
});

test("a fan-out that is disposed of ends its subscription", () => {
  const { log, isSubscribed } = remoteLog();
  const fanOut = fanOutOf(log);
  expect(isSubscribed()).toBe(true);
  fanOut[Symbol.dispose]();
  expect(isSubscribed()).toBe(false);
});

const introduction = (index: number, name: string) =>
  `{"type":"author","index":${index},"author":"key of Ann","name":"${name}","device":"laptop"}`;

describe("the author of a message (docs/protocol.md s. 18.4)", () => {
  test("is introduced once to each member, with a number that stands for them from then on", async () => {
    const { log, append, announce } = remoteLog();
    using fanOut = fanOutOf(log);
    const [ann, bob] = [recordingChannel(), recordingChannel()];
    fanOut.send(ann.channel, 0, 0);
    await settle();
    append(1);
    await announce();
    fanOut.send(bob.channel, 1, 1);
    await settle();
    append(2);
    await announce();
    const later = ['[0,2,1000,2,"message 2"]', '[0,3,1000,3,"message 3"]'];
    expect(ann.said).toEqual([introduction(0, "Ann"), '[0,1,1000,1,"message 1"]', ...later]);
    expect(bob.said).toEqual([introduction(0, "Ann"), ...later]);
    // Each frame behind its length (s. 11).
    const stream = [...later].map((frame) => String.fromCodePoint(frame.length) + frame).join("");
    expect(new TextDecoder().decode(ann.streams[1])).toBe(stream);
  });

  test("is introduced to those who read the past before they need it, and after that not again", async () => {
    const { log, reads, append, announce } = remoteLog();
    using fanOut = fanOutOf(log);
    append(2);
    const ann = recordingChannel();
    fanOut.send(ann.channel, 0, 2);
    await settle();
    await reads[0]?.answer();
    append(1);
    await announce(3);
    expect(ann.said).toEqual([
      introduction(0, "Ann"),
      '[0,1,1000,1,"message 1"]',
      '[0,2,1000,2,"message 2"]',
      '[0,3,1000,3,"message 3"]',
    ]);
  });

  test("is another one with another name, and the 33rd takes the number of the one who has been silent longest", async () => {
    const names = [...upTo(32), 1, 33, 2, 1].map((number) => `Name ${number}`);
    const { log, append, announce } = remoteLog((sequence) => ({
      name: names[sequence - 1] ?? "?",
    }));
    using fanOut = fanOutOf(log);
    const ann = recordingChannel();
    fanOut.send(ann.channel, 0, 0);
    await settle();
    append(33);
    await announce();
    const bob = recordingChannel();
    fanOut.send(bob.channel, 33, 33);
    await settle();
    ann.said.length = 0;
    // All in one batch: the second name has lost its number to the 33rd, and takes that of the third.
    append(3);
    await announce();
    expect(ann.said).toEqual([
      introduction(1, "Name 33"),
      introduction(2, "Name 2"),
      '[1,34,1000,34,"message 34"]',
      '[2,35,1000,35,"message 35"]',
      '[0,36,1000,36,"message 36"]',
    ]);
    expect(ann.names.slice(-3)).toEqual(["Name 33", "Name 2", "Name 1"]);
    expect(bob.names).toEqual(["Name 33", "Name 2", "Name 1"]);
  });

  test("of long ago is named in full when all numbers are taken", async () => {
    const { log, reads, append, announce } = remoteLog((sequence) => ({
      name: `Name ${sequence}`,
    }));
    using fanOut = fanOutOf(log);
    append(33);
    const ann = recordingChannel();
    fanOut.send(ann.channel, 0, 33);
    await settle();
    for (let answered = 0; answered < reads.length; answered += 1) await reads[answered]?.answer();
    expect(ann.sequences).toEqual(upTo(33));
    expect(ann.names).toEqual(upTo(33).map((sequence) => `Name ${sequence}`));
    expect(ann.said.at(-1)).toStartWith('{"type":"message","sequence":33,');
    await announce();
  });
});

/** More than have a number at a time. */
const nameOf = (sequence: number) => `Member ${(sequence * 7) % 45}`;

test.each(upTo(30))(
  "members that enter, stall and read on at random are sent everything once, in order, seed %d",
  async (seed) => {
    const random = seededRandom(seed);
    const { log, reads, append, skip, announce } = remoteLog((sequence) => {
      return { name: nameOf(sequence) };
    });
    using fanOut = fanOutOf(log);
    const members: { readonly from: number; readonly to: ReturnType<typeof recordingChannel> }[] =
      [];
    let appended = 0;
    let announced = 0;
    let answered = 0;
    const appendSome = () => {
      const count = random.between(1, 5);
      append(count);
      appended += count;
    };
    for (let step = 0; step < 300; step += 1) {
      const any = members[random.between(0, Math.max(0, members.length - 1))]?.to;
      switch (random.between(0, 7)) {
        case 0: {
          const from = random.between(0, appended);
          const to = recordingChannel();
          members.push({ from, to });
          fanOut.send(to.channel, from, appended);
          break;
        }
        case 1:
        case 2:
          appendSome();
          break;
        case 3:
        case 4: {
          const count = random.between(0, appended - announced);
          if (count > 0) await announce(count);
          announced += count;
          break;
        }
        case 5:
          if (announced < appended && random.chance(0.1)) {
            skip(1);
            announced += 1;
          } else await reads[answered++]?.answer();
          break;
        case 6:
          any?.fill();
          break;
        case 7:
          await any?.empty();
      }
      answered = Math.min(answered, reads.length);
      await settle();
    }
    appendSome();
    await announce(appended - announced);
    for (const { to } of members) await to.empty();
    while (answered < reads.length) await reads[answered++]?.answer();
    expect(members.length).toBeGreaterThan(10);
    for (const { from, to } of members) {
      expect(to.sequences).toEqual(upTo(appended).slice(from));
      expect(to.names).toEqual(to.sequences.map(nameOf));
    }
  },
);

test("over a log in memory a member that enters while hundreds of entries are appended is sent them all", async () => {
  jest.useRealTimers();
  await using log = openMemoryLog({ now: () => 1_000 });
  using fanOut = fanOutOf(log);
  const members = [];
  for (let number = 1; number <= 500; number += 1) {
    void log.append("main", draft(number));
    if (number % 50 !== 0) continue;
    const member = recordingChannel();
    members.push(member);
    fanOut.send(member.channel, 0, await log.last("main"));
    if (number % 100 === 0) await settle();
  }
  await settle();
  expect(members).toHaveLength(10);
  for (const { sequences } of members) expect(sequences).toEqual(upTo(500));
});
