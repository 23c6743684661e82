// One of many programs that load the identity key of FOLDER at once: prints its public key, and whether
// this program made it.

import { randomBytes } from "node:crypto";

import { encodeBase64url } from "../../src/identity/key-text.ts";
import { loadIdentity } from "../../src/identity/private-files.ts";
import { everyoneIsReady } from "./at-once.ts";

const folder = process.argv[2] ?? "";
await everyoneIsReady();
const { keyPair, isNew } = loadIdentity({ folder, user: process.geteuid?.(), random: randomBytes });
console.log(encodeBase64url(keyPair.publicKey), isNew ? "made" : "found");
