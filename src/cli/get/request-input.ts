// What a person gives to send: the body of `-d`, `--json` and `-F`, as written, from a file or from stdin.

import { randomBytes } from "node:crypto";
import { basename, resolve } from "node:path";

import { usageError } from "../../errors.ts";
import {
  bytesBody,
  fileBody,
  formBody,
  type FormField,
  type RequestBody,
} from "../../http/client/request.ts";
import type { Input, Io } from "../../terminal/io.ts";
import type { CommandLine } from "../options.ts";

/** Bytes of stdin, which is read first, for its length and for redirects. A file may be longer. */
const MAX_STDIN = 256 * 1_024 * 1_024;

const FORM_TYPE = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";

/**
 * The body that the options ask for; null for none.
 *
 * @throws {CharlaError} USAGE, FILE_NOT_READABLE
 */
export async function readBody(
  { lists }: CommandLine,
  { stdin, cwd }: Pick<Io, "stdin" | "cwd">,
): Promise<RequestBody | null> {
  const form = lists.get("form");
  if (form !== undefined) {
    const fields = form.map((written) => withPath(parseField(written), cwd));
    return formBody(fields, `----charla${randomBytes(16).toString("hex")}`);
  }
  const json = lists.get("json");
  const written = json ?? lists.get("data");
  const [first] = written ?? [];
  if (written === undefined || first === undefined) return null;
  const contentType = json === undefined ? FORM_TYPE : JSON_TYPE;
  if (written.length === 1) {
    if (first === "-" || first === "@-") return bytesBody(await readAll(stdin), contentType);
    if (first.startsWith("@")) return fileBody(resolve(cwd, first.slice(1)), contentType);
    return bytesBody(Buffer.from(first), contentType);
  }
  if (json !== undefined || written.some((each) => each === "-" || each.startsWith("@"))) {
    throw usageError(
      "a request has only one body",
      "only -d NAME=VALUE can be given more than once",
    );
  }
  return bytesBody(Buffer.from(written.join("&")), contentType);
}

async function readAll(stdin: Input): Promise<Buffer<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stdin) {
    if (!(piece instanceof Uint8Array)) continue;
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_STDIN) {
      throw usageError(
        `stdin is longer than ${MAX_STDIN / 1_024 / 1_024} MiB`,
        "send it from a file: -d @FILE",
      );
    }
  }
  return Buffer.concat(pieces, length);
}

/** `name=text`, or `name=@file`, optionally followed by `;type=TYPE` and `;filename=NAME`, as in curl. */
export function parseField(written: string): FormField {
  const end = written.indexOf("=");
  if (end < 1) {
    throw usageError(
      `${JSON.stringify(written)} is not a field of a form`,
      "write it as NAME=TEXT or NAME=@FILE",
    );
  }
  const name = written.slice(0, end);
  const value = written.slice(end + 1);
  if (!value.startsWith("@")) {
    return { name, content: { kind: "text", text: value }, contentType: null };
  }
  const [, path = "", options = ""] = /^@(.*?)((?:;(?:type|filename)=[^;]*)*)$/s.exec(value) ?? [];
  const option = (key: string) => new RegExp(`;${key}=([^;]*)`).exec(options)?.[1]?.trim() ?? null;
  const contentType = option("type");
  if (contentType !== null && !/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(contentType)) {
    throw usageError(`${contentType} is not a media type`, "use one such as image/png");
  }
  const fileName = option("filename") ?? basename(path);
  return { name, content: { kind: "file", path, fileName }, contentType };
}

function withPath(field: FormField, cwd: string): FormField {
  const { content } = field;
  if (content.kind === "text") return field;
  return { ...field, content: { ...content, path: resolve(cwd, content.path) } };
}
