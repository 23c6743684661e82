// The way to the server on the screen, in virtual time: when it is asked for, and when it is shown anew.

import { describe, expect, test } from "bun:test";

import type { CurrentWay } from "../../../src/chat/channel.ts";
import { describeWay } from "../../../src/terminal/state/way.ts";
import { entered, openRoom, says, type VirtualScreen } from "./virtual-screen.ts";

const DIRECT: CurrentWay = { transport: "udp", milliseconds: 23 };
const RELAYED: CurrentWay = { transport: "udp", relay: "relay.example", milliseconds: 61 };

const asks = (screen: VirtualScreen) =>
  screen.effects().filter(({ type }) => type === "ask-way").length;

const shown = ({ state }: VirtualScreen) => state.way?.way ?? null;

function reached(way: CurrentWay) {
  const screen = openRoom("ben");
  screen.emit({ type: "way", ...way });
  return screen;
}

describe("the way to the server", () => {
  test("is shown when it is known and when it changes, and prints nothing", () => {
    const screen = openRoom("ben");
    expect(shown(screen)).toBeNull();
    screen.emit({ type: "way", ...RELAYED });
    expect(shown(screen)).toEqual(RELAYED);
    screen.emit({ type: "way", ...DIRECT });
    expect(shown(screen)).toEqual(DIRECT);
    expect(screen.printed()).toEqual([]);
    expect(screen.live()).toEqual([]);
    expect(screen.effects()).toEqual([]);
  });

  test("is unknown while the connection is lost, and in another room until that says it", () => {
    const screen = reached(DIRECT);
    screen.emit({ type: "disconnected", message: "nothing was heard" });
    expect(shown(screen)).toBeNull();
    screen.wait(60_000);
    expect(asks(screen)).toBe(0);
    screen.emit({ type: "reconnected" }, { type: "way", ...DIRECT });
    expect(shown(screen)).toEqual(DIRECT);
    screen.emit({ ...entered(), room: "lunch" });
    expect(shown(screen)).toBeNull();
  });
});

describe("how long the way takes", () => {
  test("is asked every 10 seconds, also if no answer comes, and whatever else happens", () => {
    const screen = reached(DIRECT);
    screen.wait(9_999);
    expect(asks(screen)).toBe(0);
    screen.wait(1);
    expect(asks(screen)).toBe(1);
    for (let second = 1; second <= 60; second += 1) {
      screen.wait(1_000);
      screen.emit(says("ben", "hello", screen.now));
    }
    expect(asks(screen)).toBe(6);
  });

  test("is asked every second until it is measured", () => {
    const screen = reached({ transport: "udp" });
    screen.wait(1_000);
    expect(asks(screen)).toBe(1);
    screen.dispatch({ type: "way", way: { transport: "udp" } });
    screen.wait(1_000);
    expect(asks(screen)).toBe(1);
    screen.dispatch({ type: "way", way: DIRECT });
    expect(shown(screen)).toEqual(DIRECT);
    screen.wait(9_999);
    expect(asks(screen)).toBe(0);
  });

  test("is not asked while the window does not have the focus, and at once when it has it again", () => {
    const screen = reached(DIRECT);
    screen.focus(false);
    screen.wait(60_000);
    expect(asks(screen)).toBe(0);
    screen.focus(true);
    screen.wait(0);
    expect(asks(screen)).toBe(1);
  });

  test("is not asked while the connection is silent or lost, nor where the server is in this program", () => {
    const screen = reached(DIRECT);
    screen.emit({ type: "silent", seconds: 6 });
    screen.wait(60_000);
    expect(asks(screen)).toBe(0);
    const owner = reached({ transport: "local" });
    owner.wait(60_000);
    expect(asks(owner)).toBe(0);
  });

  test("is shown anew if it has changed by more than a fifth, and 2 ms", () => {
    const screen = reached({ transport: "udp", milliseconds: 100 });
    const answers = (milliseconds: number) => {
      screen.dispatch({ type: "way", way: { transport: "udp", milliseconds } });
      return shown(screen)?.milliseconds;
    };
    expect([80, 120, 121, 100, 3, 5, 1, 4].map(answers)).toEqual([100, 100, 121, 121, 3, 3, 3, 3]);
    screen.dispatch({ type: "way", way: { transport: "udp" } });
    expect(shown(screen)?.milliseconds).toBe(3);
  });

  test("is not taken from an answer that comes after the connection was lost, and nothing from one without a way", () => {
    const screen = reached(DIRECT);
    screen.dispatch({ type: "way", way: null });
    expect(shown(screen)).toEqual(DIRECT);
    screen.emit({ type: "disconnected", message: "nothing was heard" });
    screen.dispatch({ type: "way", way: DIRECT });
    expect(shown(screen)).toBeNull();
  });
});

test.each<[CurrentWay, string[]]>([
  [DIRECT, ["you reach the server directly, by UDP; 23 ms there and back"]],
  [{ transport: "udp" }, ["you reach the server directly, by UDP"]],
  [
    RELAYED,
    [
      "you reach the server through relay.example, by UDP; 61 ms there and back",
      "the relay can't read what is said: it is encrypted end to end",
    ],
  ],
  [
    { transport: "websocket", milliseconds: 80 },
    [
      "you reach the server directly, by WebSocket; 80 ms there and back",
      "by WebSocket, a lost packet holds up what follows",
    ],
  ],
  [
    { transport: "websocket", relay: "a\u001b:443", milliseconds: 80 },
    [
      "you reach the server through a^[:443, by WebSocket; 80 ms there and back",
      "the relay can't read what is said: it is encrypted end to end",
      "by WebSocket, a lost packet holds up what follows",
    ],
  ],
  [{ transport: "local" }, ["the server is in this program: no network is between you and it"]],
])("/way says of %j how the server is reached", (way, lines) => {
  expect(describeWay(way)).toEqual(lines);
});
