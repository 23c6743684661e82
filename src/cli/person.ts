// Whose terminal this is, as the system knows them.

import { homedir, userInfo } from "node:os";

/** The login name. */
export function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the system's list, as containers have; Bun's own word for it.
    return "unknown";
  }
}

/** The person's own folder; empty where they have none. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "";
  }
}
