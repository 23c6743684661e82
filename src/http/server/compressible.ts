// Which content gets smaller by being packed, told by its type. Pure.

/** Those outside of text/ that are text, or as good as. */
const OTHERS: ReadonlySet<string> = new Set([
  "application/javascript",
  "application/json",
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

/** @param type with or without its parameters */
export function isCompressible(type: string): boolean {
  const [bare = ""] = type.split(";");
  return (
    bare.startsWith("text/") || bare.endsWith("+json") || bare.endsWith("+xml") || OTHERS.has(bare)
  );
}
