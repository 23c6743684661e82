// The frame of an entry of the log, as its members are sent it: made once, however many they are.

import { encodeFrame } from "../chat/frames.ts";
import type { LogEntry } from "../chat/log-entry.ts";

const frames = new WeakMap<LogEntry, Uint8Array>();

export function frameOf(entry: LogEntry): Uint8Array {
  const known = frames.get(entry);
  if (known !== undefined) return known;
  const frame = encodeFrame({ type: "message", ...entry });
  frames.set(entry, frame);
  return frame;
}
