// The identity of whoever runs this program (DESIGN s. 7).

import { randomBytes } from "node:crypto";

import { configFolder } from "../identity/folders.ts";
import { findIdentity, type Identity, loadIdentity } from "../identity/key-file.ts";
import { homeFolder } from "./person.ts";

/** @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE */
export function ownIdentity(): Identity {
  return loadIdentity({ ...whose(), random: randomBytes });
}

/**
 * The same, where it was made before.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function findOwnIdentity(): Identity | null {
  return findIdentity(whose());
}

function whose() {
  return { folder: configFolder(process.env, homeFolder()), user: process.geteuid?.() };
}
