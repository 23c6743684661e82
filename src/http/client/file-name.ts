// The names under which bodies are saved: of a URL, and the one that a server suggests (RFC 6266). Whoever chose it, it is a file
// in the current folder. Pure.

import { Buffer } from "node:buffer";

import { usageError } from "../../errors.ts";
import { type Header, headerValue } from "../header-fields.ts";
import { decodePart } from "./url.ts";

/** Bytes of a name: FILE.part.json, and a number, must fit into the 255 bytes of common file systems. */
const MAX_NAME = 235;
/** The name if the path has none, as in wget. */
const DEFAULT_NAME = "index.html";

/**
 * The file name for `-O`: the last part of the URL's path.
 *
 * @throws {CharlaError} USAGE: it is too long
 */
export function fileNameFor(url: URL): string {
  const name = safeName(decodePart(url.pathname.split("/").at(-1) ?? ""));
  if (Buffer.byteLength(name) <= MAX_NAME) return name === "" ? DEFAULT_NAME : name;
  throw usageError(
    "the last part of the URL is too long for a file name",
    "choose a name: -o FILE",
  );
}

/** The file name for `-J`: what Content-Disposition suggests; null if that is nothing that can be used. */
export function suggestedFileName(headers: readonly Header[]): string | null {
  const written = headerValue(headers, "content-disposition") ?? "";
  const extended = /;\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^\s;]+)/i.exec(written);
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(written)?.[1];
  const plain = /;\s*filename\s*=\s*([^\s";]+)/i.exec(written)?.[1];
  const isLatin1 = extended?.[1]?.toLowerCase() === "iso-8859-1";
  const given = isLatin1
    ? extended?.[2]?.replaceAll(/%([\da-f]{2})/gi, fromLatin1)
    : extended === null
      ? (quoted?.replaceAll(/\\(.)/gs, "$1") ?? plain)
      : decodePart(extended[2] ?? "");
  // Only the last part of what may be a path (s. 4.3).
  const name = safeName(given?.split(/[/\\]/).at(-1) ?? "");
  return name === "" || Buffer.byteLength(name) > MAX_NAME ? null : name;
}

function fromLatin1(_escape: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

/** A file in the current folder, not hidden, and without control characters; empty if nothing is left. */
function safeName(name: string): string {
  return (
    name
      // On some system these separate folders, drives or streams.
      .replaceAll(/[/\\:]/g, "_")
      .replaceAll(/\p{C}|\p{Zl}|\p{Zp}/gu, "_")
      // Neither hidden, nor . or .., nor taken for an option by the next command.
      .replace(/^[.\-~\s]+/, "")
      .trimEnd()
  );
}
