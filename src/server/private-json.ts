// The private files of a server that hold one JSON object each, checked with a schema: moderation-file.ts and
// invitations-file.ts. Apart from identity/private-files.ts, for programs that need no schema don't load one.

import * as v from "valibot";

import { type PrivateFile, readPrivateFile } from "../identity/private-files.ts";

/**
 * The value in a private file of JSON; null where there is none.
 *
 * @param content what it should hold, for a person
 * @throws {CharlaError} as `readPrivateFile`
 */
export function readPrivateJson<Output>(
  file: PrivateFile,
  schema: v.GenericSchema<unknown, Output>,
  content: string,
): Output | null {
  const text = readPrivateFile(file);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the cause, which could quote a part of a secret.
    throw file.damaged("is not JSON");
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const where = v.getDotPath(result.issues[0]) ?? "the whole of it";
  throw file.damaged(`does not hold ${content}: ${where} is not valid`);
}
