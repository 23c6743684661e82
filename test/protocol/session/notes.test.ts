// Notes beside the stream of messages (docs/protocol.md s. 11.1): in virtual time, 10 ms each way.

import { expect, test } from "bun:test";

import { activate } from "../../../src/protocol/endpoint.ts";
import { MAX_NOTE, takeNote } from "../../../src/protocol/session/notes.ts";
import { sendNote, type Session } from "../../../src/protocol/session/session.ts";
import {
  connectedPair,
  craft,
  deliver,
  type End,
  frameNames,
  pass,
  receive,
  send,
  sentBy,
  text,
  words,
} from "../pair.ts";

function tell(end: End, session: Session, note: string): void {
  sendNote(session, text(note));
  activate(end.endpoint, session);
}

function told({ notes }: Session): string | null {
  const note = notes === null ? null : takeNote(notes);
  return note === null ? null : words(note);
}

test("a note arrives once, and each replaces those before", () => {
  const { pair, connected, accepted } = connectedPair();
  tell(pair.responder, accepted, "one");
  tell(pair.responder, accepted, "two");
  pass(pair, 100);
  expect(told(connected)).toBe("two");
  expect(told(connected)).toBeNull();
  expect(accepted.notes?.isAcknowledged).toBe(true);
  tell(pair.initiator, connected, "three");
  pass(pair, 100);
  expect(told(accepted)).toBe("three");
});

test("a note arrives before messages that were lost, and without them", () => {
  const { pair, connected, accepted } = connectedPair();
  pair.loses = () => true;
  send(pair.responder, accepted, "x".repeat(5_000));
  pass(pair, 1);
  pair.loses = () => false;
  tell(pair.responder, accepted, "beside them");
  pass(pair, 11);
  expect(receive(pair.initiator, connected, pair.now)).toEqual([]);
  expect(told(connected)).toBe("beside them");
});

test("a note that is lost is sent again, unless there is a newer one", () => {
  const { pair, connected, accepted } = connectedPair();
  pair.loses = () => true;
  tell(pair.responder, accepted, "old");
  pass(pair, 1);
  const from = pair.sent.length;
  tell(pair.responder, accepted, "new");
  pass(pair, 1);
  pair.loses = () => false;
  pass(pair, 1_000);
  expect(told(connected)).toBe("new");
  const notes = sentBy(pair, "responder", from).flatMap(({ bytes }) =>
    frameNames(accepted, bytes).filter((name) => name.startsWith("note")),
  );
  expect(new Set(notes)).toEqual(new Set(["note 2 new"]));
  expect(notes.length).toBeGreaterThan(1);
});

test("an earlier note that comes later is ignored", () => {
  const { pair, connected, accepted } = connectedPair();
  const earlier = craft(accepted, [11, 1, 1, 65]);
  const later = craft(accepted, [11, 2, 1, 66]);
  deliver(pair.initiator, later, pair.responder.address, pair.now);
  deliver(pair.initiator, earlier, pair.responder.address, pair.now);
  expect(told(connected)).toBe("B");
});

test(`a note of more than ${MAX_NOTE} bytes can't be sent, and ends the session of who sends it`, () => {
  const { pair, connected, accepted } = connectedPair();
  expect(() => sendNote(connected, new Uint8Array(MAX_NOTE + 1))).toThrow("at most 64 bytes");
  const long = craft(accepted, [11, 1, 0x40, 65, ...new Uint8Array(65)]);
  deliver(pair.initiator, long, pair.responder.address, pair.now);
  expect(connected.end).toMatchObject({ type: "closed", by: "us", code: 2 });
});
