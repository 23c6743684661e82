import { describe, expect, test } from "bun:test";

import type { CurrentWay } from "../../../src/chat/channel.ts";
import type { ConversationEvent } from "../../../src/chat/events.ts";
import { displayWidth as width } from "../../../src/terminal/display-width.ts";
import { PLAIN } from "../../../src/terminal/output/capabilities.ts";
import { rowText, span } from "../../../src/terminal/rows.ts";
import { startState, type State } from "../../../src/terminal/state/state.ts";
import { update } from "../../../src/terminal/state/update.ts";
import { wayForms } from "../../../src/terminal/state/way.ts";
import { type Status, statusOf, statusRow } from "../../../src/terminal/view/status-row.ts";
import { entered, IN_A_ROOM, openVirtualScreen } from "../state/virtual-screen.ts";

const STATUS: Status = {
  place: "main",
  people: ["ana", "ben", "eva"],
  away: new Set(),
  connection: { type: "ok" },
  way: [],
  waitsFor: "",
  unread: [{ room: "lunch", count: 3, mentions: 0 }],
};

const line = (status: Partial<Status>, columns = 80) =>
  rowText(statusRow({ ...STATUS, ...status }, { columns, width }));

test("the status line shows the room, who is here, the connection and what is unread elsewhere", () => {
  expect(statusRow(STATUS, { columns: 80, width })).toEqual([
    span(" main  ana, ben, eva  ok  lunch: 3 new ", "status"),
  ]);
  expect(line({ unread: [] })).toBe(" main  ana, ben, eva  ok ");
  const unread = [
    { room: "lunch", count: 3, mentions: 0 },
    { room: "work", count: 1, mentions: 0 },
  ];
  expect(line({ unread })).toBe(" main  ana, ben, eva  ok  lunch: 3 new, work: 1 new ");
});

test("rooms with messages that name this person come first, with the mark of such a message", () => {
  const unread = [
    { room: "lunch", count: 3, mentions: 0 },
    { room: "work", count: 2, mentions: 1 },
  ];
  expect(line({ unread })).toBe(" main  ana, ben, eva  ok  work: 2 new!, lunch: 3 new ");
  expect(line({ unread }, 40)).toBe(" main  3 here  ok  5 new elsewhere! ");
});

test("the way to the server stands behind the connection, in windows of three widths", () => {
  const screen = openVirtualScreen();
  screen.emit(entered("ben"));
  const at = (columns: number) =>
    rowText(statusRow(statusOf(screen.state), { columns, width })).trim();
  const shows = (...ways: CurrentWay[]) =>
    ways.map((way) => {
      screen.emit({ type: "way", ...way });
      return [42, 80, 200].map(at);
    });
  const relay = "relay.example";
  const milliseconds = 61.4;
  expect(
    shows(
      { transport: "udp", milliseconds: 22.7 },
      { transport: "udp" },
      { transport: "websocket", milliseconds },
      { transport: "udp", relay, milliseconds },
      { transport: "websocket", relay, milliseconds },
      { transport: "local" },
    ),
  ).toEqual([
    Array(3).fill("main  ana, ben  ok  direct, 23 ms"),
    Array(3).fill("main  ana, ben  ok  direct"),
    Array(3).fill("main  ana, ben  ok  WebSocket, 61 ms"),
    [
      "main  ana, ben  ok  relayed, 61 ms",
      ...Array(2).fill("main  ana, ben  ok  through relay.example (encrypted end to end), 61 ms"),
    ],
    [
      "main  ana, ben  ok  relayed, 61 ms",
      "main  ana, ben  ok  through relay.example by WebSocket, 61 ms",
      "main  ana, ben  ok  through relay.example by WebSocket (encrypted end to end), 61 ms",
    ],
    Array(3).fill("main  ana, ben  ok"),
  ]);
  screen.emit({ type: "way", transport: "udp", milliseconds: 0.3 });
  expect(at(80)).toBe("main  ana, ben  ok  direct, 1 ms");
  screen.emit({ type: "silent", seconds: 6 });
  expect(at(80)).toBe("main  ana, ben  no contact for 6 s");
  screen.emit({ type: "heard", seconds: 7 });
  expect(at(80)).toBe("main  ana, ben  ok  direct, 1 ms");
});

test("somebody who is away is shown to be, and is not counted where names are", () => {
  const away = new Set(["ben"]);
  expect(line({ away, unread: [] })).toBe(" main  ana, ben (away), eva  ok ");
  expect(line({ away, unread: [] }, 24)).toBe(" main  2 here  ok ");
});

test.each<[Status["connection"], string]>([
  [{ type: "silent", since: 0, seconds: 12.4 }, "no contact for 12 s"],
  [{ type: "connecting" }, "connecting"],
  [{ type: "reconnecting" }, "reconnecting"],
])("a connection that is %j is said to be so", (connection, words) => {
  expect(line({ connection, unread: [] })).toBe(` main  ana, ben, eva  ${words} `);
});

const shown = (state: State) => rowText(statusRow(statusOf(state), { columns: 80, width }));

test("before one is in a room there is only the connection", () => {
  const nowhere = { place: "", people: [], unread: [] };
  expect(line({ ...nowhere, connection: { type: "connecting" } })).toBe(" connecting ");
});

test("on the plain wire it shows the other end, once there is one", () => {
  const settings = { ...IN_A_ROOM, isRoom: false };
  const start = startState(settings, { columns: 80, rows: 24 }, PLAIN, 0);
  expect(shown(start)).toBe(" nobody is here yet ");
  const after = (event: ConversationEvent) => update(start, { type: "conversation", event }, 0)[0];
  expect(shown(after({ type: "joining", peer: "[::1]:5000" }))).toBe(" [::1]:5000  connecting ");
  expect(shown(after({ type: "joined", peer: "192.0.2.1:5000" }))).toBe(" 192.0.2.1:5000  ok ");
});

describe("in a narrow window", () => {
  test("names become a count, then rooms with news, then the people go, then all that is well", () => {
    expect(line({}, 39)).toBe(" main  ana, ben, eva  ok  lunch: 3 new ");
    expect(line({}, 38)).toBe(" main  3 here  ok  lunch: 3 new ");
    expect(line({}, 31)).toBe(" main  ok  3 new elsewhere ");
    expect(line({}, 26)).toBe(" main  3 new elsewhere ");
    expect(line({}, 22)).toBe(" main ");
    expect(line({}, 5)).toBe(" ma… ");
  });

  test("trouble with the connection is never cut while it fits at all", () => {
    const connection = { type: "silent", since: 0, seconds: 12 } as const;
    expect(line({ connection }, 50)).toBe(" main  3 here  no contact for 12 s  lunch: 3 new ");
    expect(line({ connection }, 46)).toBe(" main  no contact for 12 s  3 new elsewhere ");
    expect(line({ connection }, 30)).toBe(" main  no contact for 12 s ");
    expect(line({ connection }, 25)).toBe(" ma…  no contact for 12 s");
    expect(line({ connection }, 20)).toBe("no contact for 12 s");
    expect(line({ connection }, 10)).toBe("no contac…");
  });

  test("the way becomes shorter, then names a count, then ok goes, and last the way", () => {
    const way = wayForms({ transport: "udp", relay: "relay.example", milliseconds: 61 });
    const before = " main  ana, ben, eva  ok";
    const full = `${before}  through relay.example (encrypted end to end), 61 ms  lunch: 3 new `;
    expect(line({ way }, full.length)).toBe(full);
    expect(line({ way }, full.length - 1)).toBe(
      `${before}  through relay.example, 61 ms  lunch: 3 new `,
    );
    expect(line({ way }, 67)).toBe(`${before}  relayed, 61 ms  lunch: 3 new `);
    expect(line({ way }, 54)).toBe(`${before}  relayed  lunch: 3 new `);
    expect(line({ way }, 47)).toBe(" main  3 here  ok  relayed  lunch: 3 new ");
    expect(line({ way }, 40)).toBe(" main  3 here  relayed  3 new elsewhere ");
    expect(line({ way }, 39)).toBe(" main  relayed  3 new elsewhere ");
    expect(line({ way }, 31)).toBe(" main  3 new elsewhere ");
    expect(line({ way, unread: [] }, 22)).toBe(" main  relayed ");
    expect(line({ way, unread: [] }, 14)).toBe(" main ");
    const waits = { way, waitsFor: "/who", unread: [] };
    expect(line(waits, 31)).toBe(" main  3 here  /who …  relayed ");
    expect(line(waits, 30)).toBe(" main  /who …  relayed ");
    expect(line(waits, 22)).toBe(" main  /who … ");
  });

  test("it is one row that fits, at every width", () => {
    const way = wayForms({ transport: "websocket", relay: "日本.example", milliseconds: 61 });
    const people = ["日本太郎", "שרה", "Ana María"];
    for (const connection of [{ type: "ok" }, { type: "reconnecting" }] as const) {
      for (let columns = 1; columns <= 100; columns += 1) {
        const shown = line({ people, connection, place: "日本語の部屋" }, columns);
        expect(width(shown)).toBeLessThanOrEqual(columns);
        const reached = line({ people, connection, way, place: "日本語の部屋" }, columns);
        expect(width(reached)).toBeLessThanOrEqual(columns);
      }
    }
  });
});

test("names of peers and relays can neither break the line nor turn it around", () => {
  expect(line({ people: ["a\u001b\n", "שרה"], unread: [] })).toBe(
    " main  a^[^J, \u2068שרה\u2069  ok ",
  );
  const way = wayForms({ transport: "udp", relay: "a\u001b\n" });
  expect(line({ way, unread: [] })).toBe(
    " main  ana, ben, eva  ok  through a^[^J (encrypted end to end) ",
  );
});

test("of very many people, how many there are is enough", () => {
  const people = Array.from({ length: 41 }, (_, index) => `m${index}`);
  expect(line({ people, unread: [] }, 1_000)).toBe(" main  41 here  ok ");
});

test("it names the room that is being joined, and commands that have waited for half a second, until they are answered", () => {
  const screen = openVirtualScreen();
  screen.emit(entered("ben"));
  for (const command of ["/who", "/search soup", "/who"]) screen.enter(command);
  screen.wait(499);
  expect(shown(screen.state)).toBe(" main  ana, ben  ok ");
  screen.wait(1);
  expect(shown(screen.state)).toBe(" main  ana, ben  /who, /search … ");
  screen.emit({ type: "silent", seconds: 6 });
  screen.enter("/join lunch");
  expect(shown(screen.state)).toBe(
    " main  ana, ben  joining lunch, /who, /search …  no contact for 6 s ",
  );
  const done = { type: "done" } as const;
  const ids = screen.effects().flatMap((effect) => (effect.type === "run" ? [effect.id] : []));
  for (const id of ids.slice(0, 3)) screen.dispatch({ type: "answered", id, outcome: done });
  expect(shown(screen.state)).toBe(" main  ana, ben  joining lunch …  no contact for 6 s ");
  expect(line({ waitsFor: "joining lunch", unread: [] }, 23)).toBe(" main  joining lunch … ");
});
