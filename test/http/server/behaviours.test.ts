// What `charla serve` does on the wire: each row of the table in docs/http.md, with literal bytes on a socket.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { serveFolder } from "../../harness/file-server.ts";
import { root } from "../../harness/program.ts";
import { BODIES } from "./behaviours/bodies.ts";
import { CONNECTIONS } from "./behaviours/connections.ts";
import { REQUESTS } from "./behaviours/requests.ts";
import { RESPONSES } from "./behaviours/responses.ts";
import { NEXT, statusesOf, talk } from "./behaviours/row.ts";
import { UPLOADS } from "./behaviours/uploads.ts";
import { WEBDAV } from "./behaviours/webdav.ts";

const ROWS = [...REQUESTS, ...BODIES, ...CONNECTIONS, ...RESPONSES, ...UPLOADS, ...WEBDAV];

test.each(ROWS.map((row) => [row.what, row.answer, row] as const))(
  "%s: %s",
  async (_what, _answer, row) => {
    await using server = await serveFolder(row.options);
    server.folder.write("a", "the content");
    server.folder.write("b", "another");
    let received = "";
    for (const sent of row.sent ?? []) {
      const steps = typeof sent === "object" && !(sent instanceof RegExp) ? sent : [sent];
      received = await talk(server, row.closes === true ? steps : [...steps, "KEPT"]);
      if (row.statuses !== undefined) {
        expect([steps, statusesOf(received)]).toEqual([steps, [...row.statuses]]);
      }
    }
    await row.check?.(server, received);
    // It goes on serving.
    const { tls, headSeconds, credentials } = row.options ?? {};
    if (tls === undefined && headSeconds === undefined && credentials === undefined) {
      expect(statusesOf(await talk(server, [NEXT]))).toHaveLength(1);
    }
  },
);

test("docs/http.md has these rows, and no others", () => {
  const document = readFileSync(join(root, "docs/http.md"), "utf8");
  const [, table = ""] =
    /\| what comes +\| what happens +\|\n\|[ -|]+\|\n((?:\|.*\n)+)/.exec(document) ?? [];
  const rows = table
    .trim()
    .split("\n")
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual(ROWS.map(({ what, answer }) => [what, answer]));
});
