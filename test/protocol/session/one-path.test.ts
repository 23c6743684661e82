// An initiator that has one path for good, as a page has its WebSocket: it carries nothing of protocol/udp-means.ts.

import { expect, test } from "bun:test";

import { activate } from "../../../src/protocol/endpoint.ts";
import { checkPath, pathBack } from "../../../src/protocol/session/path-in-use.ts";
import { nameCandidates } from "../../../src/protocol/session/paths.ts";
import { sameAddress, type SocketAddress } from "../../../src/protocol/socket-address.ts";
import {
  connectedPair,
  frameNames,
  pass,
  receive,
  RESPONDER_ADDRESS,
  send,
  sentBy,
  words,
} from "../pair.ts";

const ELSEWHERE: SocketAddress = { address: "198.51.100.9", port: 50_000 };

test("where the responder sees it at another address now, it answers the challenge, and the session goes on", () => {
  const { pair, connected, accepted } = connectedPair({ udp: null });
  pair.route = ({ by }) =>
    by === "initiator"
      ? { end: pair.responder, from: ELSEWHERE }
      : { end: pair.initiator, from: RESPONDER_ADDRESS };
  pathBack(connected, RESPONDER_ADDRESS, pair.now);
  activate(pair.initiator.endpoint, connected);
  pass(pair, 500);
  expect(accepted.path.current).toMatchObject({ address: ELSEWHERE, proven: true });
  send(pair.initiator, connected, "from elsewhere");
  send(pair.responder, accepted, "to elsewhere");
  pass(pair, 500);
  expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["from elsewhere"]);
  expect(receive(pair.initiator, connected, pair.now).map(words)).toEqual(["to elsewhere"]);
});

test("it takes the addresses that its peer names, and sends nothing there", () => {
  const { pair, connected, accepted } = connectedPair({ udp: null });
  nameCandidates(accepted, [ELSEWHERE], pair.now);
  activate(pair.responder.endpoint, accepted);
  pass(pair, 5_000);
  const named = sentBy(pair, "responder").filter(({ bytes }) => bytes[0] === 0xfc);
  expect(named.flatMap(({ bytes }) => frameNames(accepted, bytes))).toContain("candidates 1");
  expect(sentBy(pair, "initiator").every(({ to }) => sameAddress(to, RESPONDER_ADDRESS))).toBe(
    true,
  );
  expect(connected.end).toBeNull();
});

test("when it doubts its path, it pings", () => {
  const { pair, connected } = connectedPair({ udp: null });
  const sent = pair.sent.length;
  checkPath(connected, pair.now);
  activate(pair.initiator.endpoint, connected);
  pass(pair, 20);
  const [ping] = sentBy(pair, "initiator", sent);
  expect(ping === undefined ? [] : frameNames(connected, ping.bytes)).toEqual(["ping"]);
});
