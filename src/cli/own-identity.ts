// The identity of whoever runs this program (DESIGN s. 7).

import { randomBytes } from "node:crypto";

import { configFolder } from "../wire/identity/folders.ts";
import { type Identity, loadIdentity } from "../wire/identity/key-file.ts";
import { homeFolder } from "./person.ts";

/** @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE */
export function ownIdentity(): Identity {
  const folder = configFolder(process.env, homeFolder());
  return loadIdentity({ folder, user: process.geteuid?.(), random: randomBytes });
}
