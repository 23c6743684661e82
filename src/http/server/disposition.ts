// Content-Disposition: that a body is to be kept, and under which name (RFC 6266, RFC 8187). Pure.

/** The plain name is for clients that do not know the other one, and has what both surely understand. */
export function attachment(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const isPlain = plain === name;
  return `attachment; filename="${plain}"${isPlain ? "" : `; filename*=UTF-8''${extended(name)}`}`;
}

/** attr-char of RFC 8187 s. 3.2.1 as it is, all else in percent. */
function extended(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
