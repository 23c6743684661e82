// `node scripts/confusables.mjs confusables.txt`: makes src/chat/confusables-data.ts of Unicode's file
// (https://www.unicode.org/Public/security/latest/confusables.txt).

import { readFileSync, writeFileSync } from "node:fs";

const COLUMNS = 118;

const [path] = process.argv.slice(2);
const text = readFileSync(path, "utf8");
const [, version] = /^# Version: (\S+)$/m.exec(text);

/** Code points in hexadecimal, of which a prototype may have several. */
const sources = new Map();
for (const line of text.replace("\uFEFF", "").split("\n")) {
  const [source, prototype] = line.split("#")[0].split(";");
  if (prototype === undefined) continue;
  const hex = prototype.trim().split(" ").map(shortHex).join("+");
  sources.set(hex, [...(sources.get(hex) ?? []), shortHex(source)]);
}

const lines = [""];
for (const [prototype, confusable] of sources) {
  const entry = `${prototype}<${confusable.join(",")}`;
  const line = lines.at(-1);
  if (line !== "" && line.length + entry.length >= COLUMNS) lines.push(entry);
  else lines[lines.length - 1] = line === "" ? entry : `${line} ${entry}`;
}

writeFileSync(
  "src/chat/confusables-data.ts",
  `// Unicode's confusable characters (UTS #39, confusables.txt, version ${version}): PROTOTYPE<CONFUSABLE,..., in hexadecimal.
// Made by scripts/confusables.mjs; long, because it is a table of Unicode.
// Copyright © 1991-2025 Unicode, Inc.; docs/unicode-license.txt has its terms.

export const CONFUSABLES = \`
${lines.join("\n")}
\`;
`,
);

function shortHex(written) {
  return Number.parseInt(written, 16).toString(16);
}
