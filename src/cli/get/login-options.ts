// -u, --digest, --anyauth, --netrc and the user in a URL: who logs in where.

import { join, resolve } from "node:path";

import { usageError } from "../../errors.ts";
import type { Logins } from "../../http/client/authorization.ts";
import type { Login } from "../../http/client/challenge.ts";
import { netrcLogin } from "../../http/client/netrc.ts";
import { notReadable } from "../../http/client/request.ts";
import { decodePart, sameOrigin } from "../../http/client/url.ts";
import { type Io, isTerminal } from "../../terminal/io.ts";
import { visibleLine } from "../../terminal/visible-text.ts";
import type { CommandLine } from "../options.ts";

/**
 * Null if there is none at all. A login of the command line is for the origins of its URLs; one of .netrc for the host that it names.
 *
 * @throws {CharlaError} USAGE, FILE_NOT_READABLE
 */
export async function loginOptions(
  { flags, values }: CommandLine,
  urls: readonly URL[],
  io: Io,
): Promise<Logins | null> {
  const isInUrl = urls.some(({ username, password }) => username !== "" || password !== "");
  if (!isInUrl && !["user", "netrc", "netrc-file"].some((name) => flags.has(name))) return null;
  const given = await readLogin(values.get("user"), urls, io);
  const netrc = await readNetrc(values.get("netrc-file"), flags.has("netrc"), io);
  return {
    loginFor(url) {
      const own = urls.find((each) => sameOrigin(each, url));
      if (given !== null && own !== undefined) return given;
      const hasOwn = own !== undefined && (own.username !== "" || own.password !== "");
      if (hasOwn) return { user: decodePart(own.username), password: decodePart(own.password) };
      return netrc === null ? null : netrcLogin(netrc, url.hostname.replaceAll(/[[\]]/g, ""));
    },
    isEager: !flags.has("anyauth"),
    mayBeSent: !flags.has("digest"),
  };
}

async function readLogin(
  written: string | undefined,
  [url]: readonly URL[],
  io: Io,
): Promise<Login | null> {
  if (written === undefined) return null;
  const end = written.indexOf(":");
  if (end !== -1) return { user: written.slice(0, end), password: written.slice(end + 1) };
  if (!isTerminal(io.stdin)) {
    throw usageError("there is no terminal to ask for the password on", "use -u USER:PASSWORD");
  }
  const { askUnseen } = await import("../../terminal/secret-line.ts");
  const question = `password for ${visibleLine(`${written} at ${url?.host ?? ""}`)}: `;
  return { user: written, password: (await askUnseen(io.stdin, io, question)) ?? "" };
}

/** @param isWanted whether the usual file is meant, which need not exist */
async function readNetrc(
  path: string | undefined,
  isWanted: boolean,
  { cwd, env }: Io,
): Promise<string | null> {
  if (path === undefined && !isWanted) return null;
  const { readFile } = await import("node:fs/promises");
  const { homedir } = await import("node:os");
  const file = path ?? env["NETRC"] ?? join(env["HOME"] ?? homedir(), ".netrc");
  try {
    return await readFile(resolve(cwd, file), "utf8");
  } catch (cause) {
    if (path === undefined) return null;
    throw notReadable(path, cause);
  }
}
