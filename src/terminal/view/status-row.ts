// The status line below the input: where one is, who is here, the connection, and what is unread elsewhere. One row,
// from which the less important goes first where the window is narrow. Pure.

import { type Row, span } from "../rows.ts";
import type { Connection, State } from "../state/state.ts";
import { namedCommands } from "../state/unanswered.ts";
import type { UnreadRoom } from "../state/unread.ts";
import { wayForms } from "../state/way.ts";
import { visibleName } from "../visible-text.ts";
import { clip, type Space } from "./wrapping.ts";

export interface Status {
  /** The room or, on the plain wire, the other end; empty before one is in a room. */
  readonly place: string;
  /** Everybody who is here, each once. */
  readonly people: readonly string[];
  /** Those of them who are away: the server has not heard from their programs lately. */
  readonly away: ReadonlySet<string>;
  /** Null before anybody has connected. */
  readonly connection: Connection | null;
  /** How the server is reached, in forms of which the fullest is the first; empty where that is not known, or nothing. */
  readonly way: readonly string[];
  /** What the server has not done or answered yet, such as "joining lunch"; empty where it has. */
  readonly waitsFor: string;
  /** In other rooms. */
  readonly unread: readonly UnreadRoom[];
}

/** Between its parts. */
const GAP = "  ";
/** Names beyond these are counted: more than anyone reads. */
const MAX_NAMES = 40;

const NOBODY: ReadonlySet<string> = new Set();

export function statusOf(state: State): Status {
  const { settings, room, peer, connection, unread } = state;
  if (settings.isRoom) {
    return {
      place: room.room,
      people: [...room.here.values()],
      away: new Set([...room.here].filter(([key]) => room.away.has(key)).map(([, name]) => name)),
      connection,
      way: connection.type === "ok" && state.way !== null ? wayForms(state.way.way) : [],
      waitsFor: describeWaiting(state),
      unread: unread.rooms,
    };
  }
  const plain = {
    place: peer ?? "",
    people: [],
    away: NOBODY,
    connection,
    way: [],
    waitsFor: "",
    unread: [],
  };
  if (peer !== null || connection.type !== "connecting") return plain;
  return { ...plain, place: "nobody is here yet", connection: null };
}

export function statusRow(status: Status, space: Space): Row {
  const { columns, width } = space;
  const urgent = describeUrgent(status);
  const [where, ...choices] = parts(status);
  for (const choice of choices) {
    const line = ` ${[where, ...choice].filter((part) => part !== "").join(GAP)} `;
    if (width(line) <= columns) return [span(line, "status")];
  }
  // What is urgent stays whole as long as it can.
  const end = urgent === "" ? " " : `${GAP}${urgent}`;
  const place = clip(where ?? "", { columns: Math.max(0, columns - 1 - width(end)), width });
  const line = place === "" ? clip(urgent, space) : clip(` ${place}${end}`, space);
  return line === "" ? [] : [span(line, "status")];
}

/** The place, and what may stand behind it, the fullest first. */
function parts(status: Status): [place: string, ...choices: string[][]] {
  const { place, people, away, unread, way } = status;
  const urgent = describeUrgent(status);
  const connection = urgent === "" && status.connection?.type === "ok" ? "ok" : urgent;
  const described = (name: string) => `${visibleName(name)}${away.has(name) ? " (away)" : ""}`;
  const names = people.length > MAX_NAMES ? null : people.map(described).join(", ");
  const count = people.length === 0 ? "" : `${people.length - away.size} here`;
  // Those that name this person first, with the mark that such a message has.
  const urgentFirst = unread.toSorted((one, other) => mark(other).length - mark(one).length);
  const rooms = urgentFirst
    .map((room) => `${visibleName(room.room)}: ${room.count} new${mark(room)}`)
    .join(", ");
  const total = unread.reduce((sum, room) => sum + room.count, 0);
  const news = total === 0 ? "" : `${total} new elsewhere${urgentFirst.map(mark)[0]}`;
  const ways = way.length === 0 ? [""] : way;
  const briefest = ways.at(-1) ?? "";
  // Where the way is shown, there is a connection.
  const brief = briefest === "" ? connection : urgent;
  return [
    visibleName(place),
    ...(names === null ? [] : ways.map((form) => [names, connection, form, rooms])),
    ...ways.map((form) => [count, connection, form, rooms]),
    [count, brief, briefest, news],
    [brief, briefest, news],
    [urgent, news],
    [urgent],
  ];
}

function mark({ mentions }: UnreadRoom): string {
  return mentions > 0 ? "!" : "";
}

function describeWaiting({ switching, unanswered }: State): string {
  const joining = switching === null ? [] : [`joining ${visibleName(switching.room)}`];
  return [...joining, ...namedCommands(unanswered).map((name) => `/${name}`)].join(", ");
}

/** What goes last where the window is narrow. */
function describeUrgent({ waitsFor, connection }: Status): string {
  const waiting = waitsFor === "" ? "" : `${waitsFor} …`;
  return [waiting, describeConnection(connection)].filter((part) => part !== "").join(GAP);
}

/** Empty where all is well. */
function describeConnection(connection: Connection | null): string {
  switch (connection?.type) {
    case undefined:
    case "ok":
      return "";
    case "silent":
      return `no contact for ${Math.round(connection.seconds)} s`;
    case "connecting":
    case "reconnecting":
      return connection.type;
  }
}
