// `exchange-messages.ts FOLDER TEXT` prints all messages in the log of a folder, those that a search for "said" finds, and
// the holder of a name; then appends one.

import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { draft, texts } from "../log/drafts.ts";

const [, , folder = "", text = ""] = process.argv;

await using log = await openSqliteLog({ folder, now: Date.now });
const read = texts(await log.read("main", 0, 100));
const found = texts(await log.search({ words: "said", limit: 100 }));
const claimed = await log.claimName("main", "Ann", `key of ${text}`);
console.log(JSON.stringify({ read, found, claimed }));
const last = await log.last("main");
await log.append("main", draft(last + 1, { text: `said\0 by ${text}` }));
