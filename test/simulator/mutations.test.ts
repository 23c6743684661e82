// Rules broken on purpose: each must make some seed of the simulator fail, or the simulator proves nothing.
// A copy of the source is changed in one place and run in a process of its own.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { root, run } from "../harness/program.ts";
import { rounds } from "../harness/rounds.ts";

interface Mutation {
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The first seed that is tried: one that failed soon when this was written, as nothing is searched then. */
  readonly seed: number;
}

/** Seeds that are searched at most. */
const SEEDS = 400;

const MUTATIONS: readonly Mutation[] = [
  {
    rule: "an ACK is ignored",
    file: "receive.ts",
    from: "for (const packet of outcome.acknowledged) packetAcknowledged(this.#session, packet);",
    to: "",
    seed: 27,
  },
  {
    rule: "lost fragments are not sent again",
    file: "session.ts",
    from: "for (const fragment of content.fragments) loseFragment(session.outgoing, fragment);",
    to: "",
    seed: 22,
  },
  {
    rule: "early fragments are dropped",
    file: "incoming-messages.ts",
    from: "if (offset > arrived.end) return keepEarly(incoming, offset, bytes);",
    to: "if (offset > arrived.end) return null;",
    seed: 24,
  },
  {
    rule: "replays are not dropped",
    file: "receive.ts",
    from: "if (hasArrived(received.window, number)) return;",
    to: "",
    seed: 10,
  },
  {
    rule: "a lost WINDOW is not sent again",
    file: "session.ts",
    from: "if (content.window) session.windowDue = true;",
    to: "",
    seed: 5,
  },
  {
    rule: "a packet with a wrong tag is accepted",
    file: "packet-protection.ts",
    from: "const frames = key === null ? null : open(crypto, key, packetNumber, header, sealed);",
    to: "const frames = key === null ? null : (open(crypto, key, packetNumber, header, sealed) ?? sealed);",
    seed: 17,
  },
  {
    rule: "a peer is not followed to a new address",
    file: "paths.ts",
    from: "migratePath(path, from, length, challengeOptions(session), now);",
    to: "",
    seed: 6,
  },
  {
    rule: "a challenge is not answered, so that no address is ever validated",
    file: "receive.ts",
    from: "this.#session.response = { data: data.slice(), to: this.#from };",
    to: "",
    seed: 11,
  },
  {
    rule: "fragments are joined over the gaps between them",
    file: "fragments.ts",
    from: "if (fragment === undefined || fragment.offset > end) break;",
    to: "if (fragment === undefined) break;",
    seed: 17,
  },
  {
    rule: "bytes that arrive early are written to the wrong place of their page",
    file: "paged-bytes.ts",
    from: "page.set(bytes.subarray(at, at + length), start);",
    to: "page.set(bytes.subarray(at, at + length), 0);",
    seed: 8,
  },
  {
    rule: "an address that the session leaves is not challenged, so that copies of packets keep it away",
    file: "path-validation.ts",
    from: "if (left.challenge === null) startChallenge(left, options, now);",
    to: "",
    seed: 51,
  },
  {
    rule: "an answer is ignored when the session has left its address, as it does all the time between two",
    file: "path-validation.ts",
    from: "path.others.find(isAnswer)",
    to: "undefined",
    seed: 51,
  },
  {
    rule: "an acknowledgment is awaited although nothing is in flight",
    file: "../recovery/sent-packets.ts",
    from: "if (sent.packetsInFlight === 0) sent.inFlightSince = Infinity;",
    to: "",
    seed: 24,
  },
  {
    rule: "strangers keep all the places that they have taken",
    file: "../handshake/unfinished-handshakes.ts",
    from: 'return chosen?.handshake ?? "none";',
    to: 'return "none";',
    seed: 20,
  },
  {
    rule: "a claim that proves nothing ends an attempt at once",
    file: "../handshake/initiator-handshake.ts",
    from: "handshake.giveUpAt = Math.min(handshake.giveUpAt, now + CLAIM_PATIENCE);",
    to: "handshake.giveUpAt = now;",
    seed: 39,
  },
  {
    rule: "a copy of what is not acknowledged stays due once it was sent",
    file: "redundancy.ts",
    from: "  redundancy.copyAt = Infinity;\n",
    to: "",
    seed: 28,
  },
  {
    rule: "what a packet repeats does not count as sent",
    file: "outgoing-messages.ts",
    from: "outgoing.sent = queue.start + length;",
    to: "",
    seed: 68,
  },
  {
    rule: "what is repeated begins one byte too late",
    file: "outgoing-messages.ts",
    from: "return { offset: queue.start, length };",
    to: "return { offset: queue.start + 1, length: length - 1 };",
    seed: 12,
  },
  {
    rule: "an ACK that was repeated stays due",
    file: "../recovery/received-packets.ts",
    from: "received.copyDueAt = isCopied ? now + copyAfter : Infinity;",
    to: "received.copyDueAt = isCopied ? now + copyAfter : received.copyDueAt;",
    seed: 1,
  },
  {
    rule: "a lost note is not sent again",
    file: "notes.ts",
    from: "if (number === notes.number && !notes.isAcknowledged) notes.due = true;",
    to: "",
    seed: 1,
  },
  {
    rule: "an earlier note that comes later replaces the newest",
    file: "notes.ts",
    from: "if (number <= notes.received) return;",
    to: "",
    seed: 1,
  },
  {
    rule: "the cookie of a retry is not used",
    file: "../handshake/initiator-handshake.ts",
    from: "handshake.datagram = makeHello(handshake.options, handshake.message, cookie);",
    to: "",
    seed: 1,
  },
];

const TRIED = rounds(4, MUTATIONS.length);

/** A copy of the source, changed by one test at a time. */
const folder = mkdtempSync(join(tmpdir(), "charla-mutation-"));

beforeAll(() => {
  for (const part of ["src", "test/simulator", "package.json", "tsconfig.json"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const source = (file: string) => join(folder, "src/protocol/session", file);

test("each rule stands in the source once", () => {
  // If the source has changed there, change this test, too.
  for (const { rule, file, from } of MUTATIONS) {
    const count = readFileSync(source(file), "utf8").split(from).length - 1;
    expect({ rule, count }).toEqual({ rule, count: 1 });
  }
});

for (const { rule, file, from, to, seed } of MUTATIONS.slice(0, TRIED)) {
  test(`the simulator notices that ${rule}`, async () => {
    const path = source(file);
    const right = readFileSync(path, "utf8");
    writeFileSync(
      path,
      right.replace(from, () => to),
    );
    try {
      const many = join(folder, "test/simulator/many.ts");
      const seeds = ["--from", `${seed}`, "--seeds", `${SEEDS}`, "--first"];
      const ended = await run([process.execPath, many, ...seeds], { cwd: folder });
      expect(ended.stdout).toMatch(/^seed \d+: /m);
      expect(ended.status).toBe(1);
    } finally {
      writeFileSync(path, right);
    }
  }, 120_000);
}
