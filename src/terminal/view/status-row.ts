// The status line below the input: where one is, who is here, the connection, and what is unread elsewhere. One row,
// from which the less important goes first where the window is narrow. Pure.

import { type Row, span } from "../rows.ts";
import type { Connection, State } from "../state/state.ts";
import type { UnreadRoom } from "../state/unread.ts";
import { visibleName } from "../visible-text.ts";
import { clip, type Room as Space } from "./wrapping.ts";

export interface Status {
  /** Empty before one is in a room, and on the plain wire. */
  readonly room: string;
  /** Everybody who is here, each once. */
  readonly people: readonly string[];
  readonly connection: Connection;
  /** In other rooms. */
  readonly unread: readonly UnreadRoom[];
}

/** Between its parts. */
const GAP = "  ";
/** Names beyond these are counted: more than anyone reads. */
const MAX_NAMES = 40;

export function statusOf({ room, connection, unread }: State): Status {
  return { room: room.room, people: room.here, connection, unread: unread.rooms };
}

export function statusRow(status: Status, space: Space): Row {
  const { columns, width } = space;
  const trouble = status.connection.type === "ok" ? null : describeConnection(status.connection);
  const [where, ...choices] = parts(status);
  for (const choice of choices) {
    const line = ` ${[where, ...choice].filter((part) => part !== "").join(GAP)} `;
    if (width(line) <= columns) return [span(line, "status")];
  }
  // The trouble stays whole as long as it can.
  const end = trouble === null ? " " : `${GAP}${trouble}`;
  const place = clip(where ?? "", { columns: Math.max(0, columns - 1 - width(end)), width });
  const line = place === "" ? clip(trouble ?? "", space) : clip(` ${place}${end}`, space);
  return line === "" ? [] : [span(line, "status")];
}

/** The place, and what may stand behind it, the fullest first. */
function parts(status: Status): [place: string, ...choices: string[][]] {
  const connection = describeConnection(status.connection);
  const trouble = status.connection.type === "ok" ? "" : connection;
  const { room, people, unread } = status;
  const names = people.length > MAX_NAMES ? null : people.map(visibleName).join(", ");
  const count = people.length === 0 ? "" : `${people.length} here`;
  const rooms = unread.map((room) => `${visibleName(room.room)}: ${room.count} new`).join(", ");
  const total = unread.reduce((sum, room) => sum + room.count, 0);
  const news = total === 0 ? "" : `${total} new elsewhere`;
  return [
    visibleName(room),
    ...(names === null ? [] : [[names, connection, rooms]]),
    [count, connection, rooms],
    [count, connection, news],
    [connection, news],
    [trouble, news],
    [trouble],
  ];
}

function describeConnection(connection: Connection): string {
  switch (connection.type) {
    case "ok":
      return "ok";
    case "silent":
      return `no contact for ${Math.round(connection.seconds)} s`;
    case "connecting":
    case "reconnecting":
      return connection.type;
  }
}
