// The file of logins that ftp(1), curl and others read, ~/.netrc: words, of which `machine NAME` begins what is for a host. Pure.

import type { Login } from "./challenge.ts";

/** A word, or a text in quotation marks, in which a backslash takes what follows as it is. */
const WORD = /"((?:[^"\\]|\\.)*)"|(\S+)/g;
/** Its lines go up to an empty one, and are for ftp. */
const MACRO = /^[ \t]*macdef[ \t][^\n]*\n(?:[^\n]*[^\s][^\n]*(?:\n|$))*/gm;

/** The login of a host, or of `default` for all that are not named; null for none. */
export function netrcLogin(text: string, host: string): Login | null {
  const plain = text
    .replaceAll("\r", "")
    .replaceAll(MACRO, "")
    .replaceAll(/^\s*#.*$/gm, "");
  const words = Array.from(plain.matchAll(WORD), ([, quoted, word]) => {
    return quoted === undefined ? (word ?? "") : quoted.replaceAll(/\\(.)/gs, "$1");
  });
  let isMeant = false;
  let user = "";
  let password: string | null = null;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    const next = words[at + 1] ?? "";
    if (word === "machine" || word === "default") {
      if (isMeant) break;
      isMeant = word === "default" || next.toLowerCase() === host.toLowerCase();
      if (word === "machine") at += 1;
    } else if (word === "login" || word === "password" || word === "account") {
      if (isMeant && word === "login") user = next;
      if (isMeant && word === "password") password = next;
      at += 1;
    }
  }
  return isMeant && (user !== "" || password !== null) ? { user, password: password ?? "" } : null;
}
