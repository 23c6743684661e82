// What `-d`, `--json` and `-F` send: as it is written, a file's content, or stdin.

import { randomBytes } from "node:crypto";
import { basename } from "node:path";

import { CharlaError } from "../../errors.ts";
import { bytesBody, fileBody, formBody, type FormField } from "../../http/client/body.ts";
import type { RequestBody } from "../../http/client/request.ts";
import type { Input } from "../../terminal/io.ts";
import type { CommandLine } from "../options.ts";

/** Bytes of stdin: it is read before it is sent, for its length and for redirects. A file may be longer. */
const MAX_STDIN = 256 * 1_024 * 1_024;

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";

/** @throws {CharlaError} USAGE, FILE_NOT_READABLE */
export async function bodyOf({ lists }: CommandLine, stdin: Input): Promise<RequestBody | null> {
  const form = lists.get("form");
  if (form !== undefined) {
    return formBody(form.map(parseField), `----charla${randomBytes(16).toString("hex")}`);
  }
  const json = lists.get("json");
  const written = json ?? lists.get("data");
  const [first] = written ?? [];
  if (written === undefined || first === undefined) return null;
  const contentType = json === undefined ? FORM : JSON_TYPE;
  if (written.length === 1) return single(first, contentType, stdin);
  if (json !== undefined || written.some(isElsewhere)) {
    throw new CharlaError(
      "USAGE",
      "there is one body, and this asks for several",
      "only -d NAME=VALUE can be said more than once",
    );
  }
  return bytesBody(Buffer.from(written.join("&")), contentType);
}

function isElsewhere(written: string): boolean {
  return written === "-" || written.startsWith("@");
}

async function single(written: string, contentType: string, stdin: Input): Promise<RequestBody> {
  if (written === "-" || written === "@-") return bytesBody(await readAll(stdin), contentType);
  if (written.startsWith("@")) return fileBody(written.slice(1), contentType);
  return bytesBody(Buffer.from(written), contentType);
}

async function readAll(stdin: Input): Promise<Buffer<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stdin) {
    if (!(piece instanceof Uint8Array)) continue;
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_STDIN) {
      throw new CharlaError(
        "USAGE",
        `stdin holds more than ${MAX_STDIN / 1_024 / 1_024} MiB`,
        "put it into a file: -d @FILE",
      );
    }
  }
  return Buffer.concat(pieces, length);
}

/** `name=text`, `name=@file`, and after a file `;type=TYPE` and `;filename=NAME`, as curl has them. */
export function parseField(written: string): FormField {
  const end = written.indexOf("=");
  if (end < 1) {
    throw new CharlaError(
      "USAGE",
      `${JSON.stringify(written)} is no field of a form`,
      "NAME=TEXT, or NAME=@FILE",
    );
  }
  const name = written.slice(0, end);
  const value = written.slice(end + 1);
  if (!value.startsWith("@")) {
    return { name, content: { kind: "text", text: value }, contentType: null };
  }
  const [, path = "", options = ""] = /^@(.*?)((?:;(?:type|filename)=[^;]*)*)$/s.exec(value) ?? [];
  const option = (its: string) => new RegExp(`;${its}=([^;]*)`).exec(options)?.[1]?.trim() ?? null;
  const contentType = option("type");
  if (contentType !== null && !/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(contentType)) {
    throw new CharlaError("USAGE", `${contentType} is no media type`, "such as image/png");
  }
  const fileName = option("filename") ?? basename(path);
  return { name, content: { kind: "file", path, fileName }, contentType };
}
