// What a file holds, told by its name. Text is taken to be UTF-8, and source code is text: it is to be
// looked at, not run.

import { typeByExtension } from "./file-body.ts";

const TEXT = "text/plain; charset=utf-8";
const BYTES = "application/octet-stream";

/** Other than the runtime has it, or more. */
const TYPES: Readonly<Record<string, string>> = {
  bmp: "image/bmp",
  flac: "audio/flac",
  jxl: "image/jxl",
  mkv: "video/matroska",
  rar: "application/vnd.rar",
  tgz: "application/gzip",
  wav: "audio/wav",
  yaml: "application/yaml",
  yml: "application/yaml",
  zst: "application/zstd",
};

const SOURCE = new Set(
  (
    "adoc asm awk bash bat bib c cc cfg clj cmake cmd cpp cs cxx dart diff env erl ex exs fish gitignore go " +
    "gradle graphql groovy h hpp hs hxx ini java jl jsx kt kts lisp lock lua m4 make mk ml nim nix org patch " +
    "php pl pm proto ps1 py r rb rs rst scala sed service sh sql srt svelte swift tcl tex tf toml ts tsx v vim " +
    "vue zig zsh"
  ).split(" "),
);

/** Files without an extension that people open to read. */
const READABLE =
  /^(?:readme|licen[cs]e|copying|authors|changelog|changes|news|todo|install|notice|makefile|dockerfile|gemfile|rakefile|procfile)$/i;

export function mediaTypeOf(name: string): string {
  const dot = name.lastIndexOf(".");
  if (dot === -1) return READABLE.test(name) ? TEXT : BYTES;
  const extension = name.slice(dot + 1).toLowerCase();
  return known.get(extension) ?? remember(extension);
}

/** So many extensions there are not; names are made by whoever fills the folder. */
const MAX_KNOWN = 1_000;
const known = new Map<string, string>();

function remember(extension: string): string {
  const type = typeOf(extension);
  if (known.size < MAX_KNOWN) known.set(extension, type);
  return type;
}

function typeOf(extension: string): string {
  if (SOURCE.has(extension)) return TEXT;
  const [type = BYTES] = (
    Object.hasOwn(TYPES, extension) ? (TYPES[extension] ?? BYTES) : typeByExtension(extension)
  ).split(";");
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type || BYTES;
}
