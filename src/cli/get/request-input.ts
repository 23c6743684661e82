// What a person gives to send: the body of `-d`, `--json`, `-F`, `-T` and of items, as written, from a file or from stdin.

import { basename, resolve } from "node:path";

import { usageError } from "../../errors.ts";
import {
  bytesBody,
  fileBody,
  formBody,
  type FormField,
  notReadable,
  type RequestBody,
} from "../../http/client/request.ts";
import type { Input, Io } from "../../terminal/io.ts";
import type { CommandLine } from "../options.ts";
import type { Items } from "./words.ts";

/** Bytes of stdin that are read before they are sent: with all of it there is a length, and it can be sent again. */
const MAX_AHEAD = 1_048_576;
/** Bytes of what must be known as a whole. */
const MAX_TEXT = 16 * 1_048_576;

const FORM_TYPE = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";

export interface RequestInput {
  /** Null for none. */
  readonly body: RequestBody | null;
  /** What goes into the URL, without its question mark. */
  readonly query: string;
  /** The method, if none is written. */
  readonly method: "GET" | "POST" | "PUT";
  /** JSON is sent, and is the answer that is liked best. */
  readonly isJson: boolean;
}

/**
 * What the options and items ask for. Stdin is looked up only where it is asked for: it takes time to load.
 *
 * @throws {CharlaError} USAGE, FILE_NOT_READABLE
 */
export async function readInput(
  commandLine: CommandLine,
  items: Items,
  place: Pick<Io, "stdin" | "cwd">,
): Promise<RequestInput> {
  const { flags, lists, values } = commandLine;
  const { cwd } = place;
  const inUrl = items.query.map(([key, value]) => `${encode(key)}=${encode(value)}`);
  const query = inUrl.join("&");
  const json = values.get("json");
  const upload = values.get("upload-file");
  const isJson = json !== undefined;
  const post = (body: RequestBody) => ({ body, query, method: "POST", isJson }) as const;
  if (items.fields.length > 0 || items.files.length > 0) {
    const body = await itemsBody(items, cwd);
    return { body, query, method: "POST", isJson: items.files.length === 0 };
  }
  const form = lists.get("form");
  if (form !== undefined) {
    return post(await newForm(form.map((written) => withPath(parseField(written), cwd))));
  }
  if (upload !== undefined) {
    const isStdin = upload === "-" || upload === ".";
    const body = isStdin ? stdinBody(place.stdin, null) : fileBody(resolve(cwd, upload), null);
    return { body: await body, query, method: "PUT", isJson };
  }
  if (json !== undefined)
    return post(await partBody({ kind: "data", text: json }, JSON_TYPE, place));
  const parts = commandLine.sequence.flatMap(partOf);
  const [first] = parts;
  if (first === undefined) return { body: null, query, method: "GET", isJson };
  if (parts.length === 1 && !flags.has("get")) return post(await partBody(first, FORM_TYPE, place));
  if (!flags.has("get") && parts.some((part) => part.kind === "data" && isElsewhere(part.text))) {
    throw usageError(
      "a request has only one body",
      "only -d NAME=VALUE can be given more than once",
    );
  }
  const texts = await Promise.all(parts.map((part) => textOf(part, place)));
  if (flags.has("get")) {
    return { body: null, query: [...inUrl, ...texts].join("&"), method: "GET", isJson };
  }
  return post(bytesBody(Buffer.from(texts.join("&")), FORM_TYPE));
}

/** Some of the data: `encoded` is that of --data-urlencode. */
interface Part {
  readonly kind: "data" | "raw" | "encoded";
  readonly text: string;
}

const KINDS: ReadonlyMap<string, Part["kind"]> = new Map([
  ["data", "data"],
  ["data-binary", "data"],
  ["data-raw", "raw"],
  ["data-urlencode", "encoded"],
]);

function partOf([option, text]: readonly [string, string]): Part[] {
  const kind = KINDS.get(option);
  return kind === undefined ? [] : [{ kind, text }];
}

function isElsewhere(text: string): boolean {
  return text === "-" || text.startsWith("@");
}

async function partBody(
  part: Part,
  contentType: string,
  place: Pick<Io, "stdin" | "cwd">,
): Promise<RequestBody> {
  const { kind, text } = part;
  if (kind === "data" && (text === "-" || text === "@-"))
    return stdinBody(place.stdin, contentType);
  if (kind === "data" && text.startsWith("@")) {
    return fileBody(resolve(place.cwd, text.slice(1)), contentType);
  }
  return bytesBody(Buffer.from(await textOf(part, place)), contentType);
}

async function textOf({ kind, text }: Part, place: Pick<Io, "stdin" | "cwd">): Promise<string> {
  const read = async (path: string) => {
    if (path === "-") return (await readUpTo(place.stdin, MAX_TEXT)).toString();
    return readText(resolve(place.cwd, path));
  };
  switch (kind) {
    case "raw":
      return text;
    case "data":
      if (text === "-") return read("-");
      return text.startsWith("@") ? read(text.slice(1)) : text;
    case "encoded": {
      const { 0: sign, index = 0 } = /[=@]/.exec(text) ?? {};
      if (sign === undefined) return encode(text);
      const name = text.slice(0, index);
      const rest = text.slice(index + 1);
      const content = encode(sign === "@" ? await read(rest) : rest);
      return name === "" ? content : `${name}=${content}`;
    }
  }
}

/** As forms have it, but for the blank. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

async function readText(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

/** Items with a file are a form, and others an object of JSON, as in HTTPie. */
async function itemsBody({ fields, files }: Items, cwd: string): Promise<RequestBody> {
  const values = await Promise.all(
    fields.map(async ({ key, value, isJson }) => {
      const text = value.kind === "text" ? value.text : await readText(resolve(cwd, value.path));
      return { key, text, isJson };
    }),
  );
  if (files.length === 0) {
    const members = values.map(({ key, text, isJson }) => {
      return `${JSON.stringify(key)}:${isJson ? text : JSON.stringify(text)}`;
    });
    return bytesBody(Buffer.from(`{${members.join(",")}}`), JSON_TYPE);
  }
  const texts = values.map(({ key, text }): FormField => {
    return { name: key, content: { kind: "text", text }, contentType: null };
  });
  const uploads = files.map(({ key, path }) => withPath(parseField(`${key}=@${path}`), cwd));
  return newForm([...texts, ...uploads]);
}

async function newForm(fields: readonly FormField[]): Promise<RequestBody> {
  const { randomBytes } = await import("node:crypto");
  return formBody(fields, `----charla${randomBytes(16).toString("hex")}`);
}

/** All of it if it is short; else it is sent as it comes, and only once. */
async function stdinBody(stdin: Input, contentType: string | null): Promise<RequestBody> {
  const pieces = stdin[Symbol.asyncIterator]();
  const start: Uint8Array[] = [];
  let length = 0;
  while (length <= MAX_AHEAD) {
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    const { done, value } = await pieces.next();
    if (done === true) return bytesBody(Buffer.concat(start, length), contentType);
    if (!(value instanceof Uint8Array)) continue;
    start.push(value);
    length += value.length;
  }
  return {
    contentType,
    length: null,
    isOnce: true,
    async *open() {
      yield* start;
      yield* { [Symbol.asyncIterator]: () => pieces };
    },
  };
}

async function readUpTo(stdin: Input, most: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stdin) {
    if (!(piece instanceof Uint8Array)) continue;
    pieces.push(piece);
    length += piece.length;
    if (length > most) throw usageError("stdin is too long for this", "send it with -d -");
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
