// A line for each request, as a person or a program reads it. Pure. What a client sends is escaped, so that
// it cannot look like another line, nor say anything to a terminal.

export interface RequestEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly client: string | null;
  readonly user: string | null;
  readonly method: string;
  /** The target as it came, without scheme and host. */
  readonly target: string;
  readonly status: number;
  /** Of the body; null where it is not known before it is sent. */
  readonly length: number | null;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Common Log Format, as Apache has it; the runtime does not tell the version, so it is that of HTTP/1.1. */
export function commonLogLine(entry: RequestEntry): string {
  const { time, client, user, method, target, status, length } = entry;
  const request = `${method} ${target} HTTP/1.1`;
  const who = `${client ?? "-"} - ${user === null ? "-" : escapedWord(user)}`;
  return `${who} [${stamp(time)}] "${escapedText(request)}" ${status} ${length ?? "-"}`;
}

export function jsonLogLine({ time, ...entry }: RequestEntry): string {
  return JSON.stringify({ type: "request", time: new Date(time).toISOString(), ...entry });
}

let lastSecond = Number.NaN;
let lastStamp = "";

/** Made once a second. */
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

function escapedText(text: string): string {
  return text.replaceAll(NOT_PLAIN, hexOf);
}

function escapedWord(text: string): string {
  return text.replaceAll(NOT_WORD, hexOf);
}

/** \xHH for each byte of UTF-8, as Apache and nginx write it. */
function hexOf(character: string): string {
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
