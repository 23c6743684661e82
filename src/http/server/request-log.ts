// The log line of a request: in Common Log Format, in Apache's Combined one, or as JSON. Pure. What a client sends is escaped, so
// that it can neither forge another line nor send control characters to a terminal.

export interface RequestEntry {
  /** When it came, in ms since 1970. */
  readonly time: number;
  /** ms until the last byte of the response was taken. */
  readonly duration: number;
  readonly client: string | null;
  readonly user: string | null;
  /** "-" of what is no request. */
  readonly method: string;
  /** The target as it is in the request, without scheme and host. */
  readonly target: string;
  /** Null of what is no request. */
  readonly version: "1.0" | "1.1" | "2.0" | null;
  readonly host: string | null;
  readonly referer: string | null;
  readonly agent: string | null;
  readonly status: number;
  /** Bytes of the body that the system has taken. */
  readonly sent: number;
  /** One of both bodies was not sent to its end. */
  readonly isAborted: boolean;
}

/** `timed` is Common Log Format, and after it how long it took, and whether it was aborted. */
export const LOG_FORMATS = ["timed", "common", "combined"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

export function logLine(entry: RequestEntry, format: LogFormat): string {
  const common = commonLogLine(entry);
  switch (format) {
    case "common":
      return common;
    case "combined":
      return `${common} ${quoted(entry.referer)} ${quoted(entry.agent)}`;
    case "timed":
      return `${common} ${Math.round(entry.duration)}ms${entry.isAborted ? " aborted" : ""}`;
  }
}

/** As Apache writes it. */
function commonLogLine(entry: RequestEntry): string {
  const { time, client, user, method, target, version, status, sent } = entry;
  const request = version === null ? "-" : `${method} ${target} HTTP/${version}`;
  const source = `${client ?? "-"} - ${user === null ? "-" : user.replaceAll(NOT_WORD, hexEscape)}`;
  return `${source} [${stamp(time)}] ${quoted(request)} ${status} ${sent}`;
}

function quoted(text: string | null): string {
  return text === null ? '"-"' : `"${text.replaceAll(NOT_PLAIN, hexEscape)}"`;
}

export function jsonLogLine({ time, duration, isAborted, ...entry }: RequestEntry): string {
  return JSON.stringify({
    type: "request",
    time: new Date(time).toISOString(),
    ms: Math.round(duration * 1_000) / 1_000,
    ...entry,
    aborted: isAborted,
  });
}

let lastSecond = Number.NaN;
let lastStamp = "";

/** Formatted once a second. */
function stamp(time: number): string {
  const second = Math.floor(time / 1_000);
  if (second === lastSecond) return lastStamp;
  const date = new Date(time);
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()] ?? ""}/${date.getFullYear()}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  lastSecond = second;
  lastStamp = `${day}:${clock} ${zone}`;
  return lastStamp;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

const NOT_PLAIN = /[^\x20-\x7e]|["\\]/g;
const NOT_WORD = /[^\x21-\x7e]|["\\]/g;

/** \xHH for each byte of UTF-8, as Apache and nginx write it. */
function hexEscape(character: string): string {
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
