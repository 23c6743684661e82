// The log line of a request, in Common Log Format or as JSON. Pure. What a client sends is escaped, so that it can neither
// forge another line nor send control characters to a terminal.

export interface RequestEntry {
  /** ms since 1970. */
  readonly time: number;
  readonly client: string | null;
  readonly user: string | null;
  readonly method: string;
  /** The target as it is in the request, without scheme and host. */
  readonly target: string;
  readonly status: number;
  /** Bytes of the body; null if unknown before it is sent. */
  readonly length: number | null;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** As Apache writes it. The runtime does not say which version of HTTP it was, so it is always 1.1. */
export function commonLogLine(entry: RequestEntry): string {
  const { time, client, user, method, target, status, length } = entry;
  const request = `${method} ${target} HTTP/1.1`;
  const source = `${client ?? "-"} - ${user === null ? "-" : user.replaceAll(NOT_WORD, hexEscape)}`;
  return `${source} [${stamp(time)}] "${request.replaceAll(NOT_PLAIN, hexEscape)}" ${status} ${length ?? "-"}`;
}

export function jsonLogLine({ time, ...entry }: RequestEntry): string {
  return JSON.stringify({ type: "request", time: new Date(time).toISOString(), ...entry });
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
