// Whose terminal this is, as the system knows them.

import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";

import type { Io } from "../terminal/io.ts";

/** Bun's word for the name of a user that the environment does not tell. */
const UNKNOWN = "unknown";

/** The login name; "unknown" of a user without an entry in the system's list, as containers have. */
export function loginName(env: Io["env"]): string {
  const user = env["USER"] ?? "";
  if (user !== "") return user;
  try {
    const { username } = userInfo();
    if (username !== UNKNOWN) return username;
    return execFileSync("id", ["-un"], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return UNKNOWN;
  }
}
