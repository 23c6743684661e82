// Media types by file name, and which of them are worth compressing. Text is taken to be UTF-8, and source code is served
// as plain text: to be read, not to be run. An edge: the runtime knows most types.

const TEXT = "text/plain; charset=utf-8";
const BYTES = "application/octet-stream";

/** Where the runtime's type is missing or outdated, or one of several things that have this extension. */
const TYPES = new Map([
  ["bmp", "image/bmp"],
  ["flac", "audio/flac"],
  ["ipynb", "application/x-ipynb+json"],
  ["jsonl", "application/jsonl"],
  ["jxl", "image/jxl"],
  // A private key, or a presentation of Keynote.
  ["key", BYTES],
  ["mkv", "video/matroska"],
  ["ndjson", "application/x-ndjson"],
  ["pem", "application/x-pem-file"],
  // A template of gettext, or of PowerPoint; a public key, or a brochure of Publisher.
  ["pot", BYTES],
  ["pub", BYTES],
  ["rar", "application/vnd.rar"],
  ["tgz", "application/gzip"],
  ["vcf", "text/vcard"],
  ["wav", "audio/wav"],
  ["yaml", "application/yaml"],
  ["yml", "application/yaml"],
  ["zst", "application/zstd"],
]);

const SOURCE = new Set(
  (
    "adoc asm awk bash bat bib c cc cfg clj cmake cmd cpp cs cxx dart diff env erl ex exs fish gitignore go " +
    "gradle graphql groovy h hpp hs hxx ini java jl jsx kt kts lisp lock lua m4 make mk ml nim nix org patch " +
    "php pl pm po proto ps1 py r rb rs rst scala sed service sh sql srt svelte swift tcl tex tf toml ts tsx v vim " +
    "vue zig zsh"
  ).split(" "),
);

/** Text files without an extension. */
const READABLE =
  /^(?:readme|licen[cs]e|copying|authors|changelog|changes|news|todo|install|notice|makefile|dockerfile|gemfile|rakefile|procfile)$/i;

export function mediaType(name: string): string {
  const dot = name.lastIndexOf(".");
  if (dot === -1) return READABLE.test(name) ? TEXT : BYTES;
  const extension = name.slice(dot + 1).toLowerCase();
  const cached = cache.get(extension);
  if (cached !== undefined) return cached;
  const type = findType(extension);
  if (cache.size < MAX_CACHED) cache.set(extension, type);
  return type;
}

/** Extensions that are cached: users who upload files could make up any number. */
const MAX_CACHED = 1_000;
const cache = new Map<string, string>();

function findType(extension: string): string {
  if (SOURCE.has(extension)) return TEXT;
  const [type = BYTES] = (TYPES.get(extension) ?? Bun.file(`name.${extension}`).type).split(";");
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type || BYTES;
}

/** Compressible types besides text/, +json and +xml. */
const COMPRESSIBLE: ReadonlySet<string> = new Set([
  "application/javascript",
  "application/json",
  "application/jsonl",
  "application/manifest+json",
  "application/rtf",
  "application/wasm",
  "application/x-ndjson",
  "application/xml",
  "application/yaml",
  "font/otf",
  "font/ttf",
  "image/bmp",
  "image/vnd.microsoft.icon",
  "image/x-icon",
]);

/** @param type with or without parameters */
export function isCompressible(type: string): boolean {
  const [bare = ""] = type.split(";");
  return (
    bare.startsWith("text/") ||
    bare.endsWith("+json") ||
    bare.endsWith("+xml") ||
    COMPRESSIBLE.has(bare)
  );
}
