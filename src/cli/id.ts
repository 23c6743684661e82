// `charla id`: the name and the fingerprint by which others know this person.

import { usageError } from "../errors.ts";
import { encodeBase64url, fingerprint } from "../identity/key-text.ts";
import { ownIdentity } from "../identity/private-files.ts";
import type { Io } from "../terminal/io.ts";
import { createPrinter } from "../terminal/printer.ts";
import { printerOptions, quoteWord } from "./command-options.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { loginName } from "./person.ts";

export async function id(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags, values } = commandLine;
  if (words.length > 0) {
    throw usageError(`id takes no arguments, but got ${quoteWord(words[0])}`, helpFor("id"));
  }
  // With --json, stdout carries the identity only; notices go to stderr.
  const printer = createPrinter(io, { ...printerOptions(commandLine), json: false });
  const { keyPair, path, isNew } = ownIdentity(io.env);
  if (isNew || flags.has("verbose")) {
    const message = `${isNew ? "made your key:" : "your key is"} ${path}`;
    await printer.event({ type: "notice", code: isNew ? "KEY_MADE" : "KEY_KEPT", message });
  }
  const { publicKey } = keyPair;
  const name = values.get("name") ?? loginName(io.env);
  const me = { type: "identity", name, fingerprint: fingerprint(publicKey) };
  await printer.print(
    flags.has("json")
      ? JSON.stringify({ ...me, publicKey: encodeBase64url(publicKey) })
      : `name         ${me.name}\nfingerprint  ${me.fingerprint}`,
  );
  return 0;
}
