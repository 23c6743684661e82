// Changes, with --manage: WebDAV, class 1 (RFC 4918).

import { expect } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { FileServer, ServeOptions } from "../../../harness/file-server.ts";
import { request, type Row, statusesOf, talk } from "./row.ts";

const MANAGED: ServeOptions = { manage: true, upload: { onConflict: "replace", limit: 100 } };

/** What is in .trash, by path without the times. */
function trash({ folder }: FileServer): Record<string, string> {
  const root = join(folder.path, ".trash");
  const found: Record<string, string> = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path.slice(root.length + 1).replace(/^[^/]+\//, "")] = readFileSync(path, "utf8");
  }
  return found;
}

/** The status of each request, one after the other. */
async function statusesFor(
  server: FileServer,
  sent: readonly (readonly [string, string[], string?])[],
) {
  const statuses: number[] = [];
  for (const [start, lines, body] of sent) {
    const received = await talk(server, [request(start, ["Connection: close", ...lines], body)]);
    statuses.push(...statusesOf(received));
  }
  return statuses;
}

const to = (path: string, ...more: string[]) => [`Destination: http://localhost${path}`, ...more];

const PROPFIND =
  '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:getcontentlength/><D:resourcetype/><x xmlns="urn:y"/></D:prop></D:propfind>';

export const WEBDAV: readonly Row[] = [
  {
    what: "OPTIONS with `--manage`",
    answer: "204 with `DAV: 1`, and the methods in `Allow`",
    options: MANAGED,
    sent: [request("OPTIONS /", [])],
    statuses: [204],
    check(_server, received) {
      expect(received).toContain("\r\ndav: 1\r\n");
      expect(received).toContain(
        "\r\nallow: GET, HEAD, OPTIONS, PUT, POST, PROPFIND, PROPPATCH, MKCOL, DELETE, MOVE, COPY\r\n",
      );
    },
  },
  {
    what: "PROPFIND with `Depth: 0` or `1`",
    answer: "207 with the properties that are asked for, or all (RFC 4918 s. 9.1)",
    options: MANAGED,
    sent: [request("PROPFIND /", ["Depth: 1", "Connection: close"], PROPFIND)],
    statuses: [207],
    closes: true,
    async check(server, received) {
      expect(received).toContain(
        '<D:response><D:href>/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><D:getcontentlength/><x:x xmlns:x="urn:y"/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>',
      );
      expect(received).toContain(
        "<D:href>/a</D:href><D:propstat><D:prop><D:getcontentlength>11</D:getcontentlength><D:resourcetype></D:resourcetype></D:prop>",
      );
      const all = await talk(server, [request("PROPFIND /a", ["Depth: 0", "Connection: close"])]);
      const etag = /\r\netag: (\S+)/.exec(
        await talk(server, [request("GET /a", ["Connection: close"])]),
      )?.[1];
      expect(all).toContain(`<D:getetag>${etag?.replaceAll('"', "&quot;")}</D:getetag>`);
    },
  },
  {
    what: "PROPFIND of everything below (`Depth: infinity`, or none), or with malformed XML or entities",
    answer: "403, 400",
    options: MANAGED,
    async check(server) {
      expect(
        await statusesFor(server, [
          ["PROPFIND /", []],
          ["PROPFIND /", ["Depth: infinity"]],
          ["PROPFIND /", ["Depth: 1"], "<a"],
          ["PROPFIND /", ["Depth: 1"], "<a/>"],
          ["PROPFIND /", ["Depth: 1"], `<!DOCTYPE a [<!ENTITY b "c">]>${PROPFIND}`],
          ["PROPFIND /none", ["Depth: 0"]],
        ]),
      ).toEqual([403, 403, 400, 400, 400, 404]);
    },
  },
  {
    what: "PROPPATCH",
    answer: "207, and 403 for each property: they are the server's",
    options: MANAGED,
    sent: [
      request(
        "PROPPATCH /a",
        [],
        '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>x</D:displayname></D:prop></D:set></D:propertyupdate>',
      ),
    ],
    statuses: [207],
    check: (_server, received) =>
      expect(received).toContain(
        "<D:prop><D:displayname/></D:prop><D:status>HTTP/1.1 403 Forbidden</D:status>",
      ),
  },
  {
    what: "MKCOL; of a name that is taken; in a folder that is not there; with a body",
    answer: "201, 405, 409, 415 (s. 9.3)",
    options: MANAGED,
    async check(server) {
      expect(
        await statusesFor(server, [
          ["MKCOL /new/", []],
          ["MKCOL /new", []],
          ["MKCOL /a", []],
          ["MKCOL /none/new", []],
          ["MKCOL /other", [], "x"],
          ["MKCOL /.hidden", []],
        ]),
      ).toEqual([201, 405, 405, 409, 415, 403]);
      expect(server.folder.list()).toEqual(["a", "b", "new"]);
    },
  },
  {
    what: "DELETE of a file, or of a folder with what is in it",
    answer: "204, and it is in `.trash`",
    options: MANAGED,
    async check(server) {
      mkdirSync(join(server.folder.path, "sub"));
      server.folder.write("sub/deep", "deep");
      const sent: [string, string[]][] = [
        ["DELETE /a", []],
        ["DELETE /sub/", []],
        ["DELETE /none", []],
        ["DELETE /", []],
        ["DELETE /.trash", []],
      ];
      expect(await statusesFor(server, sent)).toEqual([204, 204, 404, 403, 404]);
      expect(server.folder.list()).toEqual([".trash", "b"]);
      expect(trash(server)).toEqual({ a: "the content", "sub/deep": "deep" });
      // Deleting the same name again loses nothing.
      server.folder.write("a", "again");
      await statusesFor(server, [["DELETE /a", []]]);
      expect(readdirSync(join(server.folder.path, ".trash"))).not.toHaveLength(0);
      expect(await statusesFor(server, [["GET /.trash/", []]])).toEqual([404]);
    },
  },
  {
    what: "MOVE and COPY with a `Destination`",
    answer: "201; 204 if something was there, which is in `.trash` then; 412 with `Overwrite: F`",
    options: MANAGED,
    async check(server) {
      expect(
        await statusesFor(server, [
          ["COPY /a", to("/c")],
          ["MOVE /c", to("/d%20%C3%BC")],
          ["COPY /a", to("/b", "Overwrite: F")],
          ["MOVE /a", to("/b", "Overwrite: T")],
        ]),
      ).toEqual([201, 201, 412, 204]);
      expect(server.folder.list()).toEqual([".trash", "b", "d ü"]);
      expect(server.folder.read("b")).toBe("the content");
      expect(trash(server)).toEqual({ b: "another" });
      mkdirSync(join(server.folder.path, "sub"));
      server.folder.write("sub/deep", "deep");
      expect(
        await statusesFor(server, [
          ["COPY /sub/", to("/all/")],
          ["COPY /sub/", to("/empty/", "Depth: 0")],
        ]),
      ).toEqual([201, 201]);
      expect(server.folder.read("all/deep")).toBe("deep");
      expect(readdirSync(join(server.folder.path, "empty"))).toEqual([]);
    },
  },
  {
    what: "the same into itself, to another server, out of the folder, into one that is not there, or to a hidden name",
    answer: "403, 502, 400, 409, 403",
    options: MANAGED,
    async check(server) {
      mkdirSync(join(server.folder.path, "sub"));
      expect(
        await statusesFor(server, [
          ["MOVE /sub/", ["Destination: /sub/inside/"]],
          ["COPY /sub/", ["Destination: /sub"]],
          ["MOVE /a", ["Destination: http://evil.example/c"]],
          ["MOVE /a", ["Destination: /../c"]],
          ["MOVE /a", []],
          ["MOVE /a", ["Destination: /none/c"]],
          ["MOVE /a", ["Destination: /.hidden"]],
          ["MOVE /none", ["Destination: /c"]],
        ]),
      ).toEqual([403, 403, 502, 400, 400, 409, 403, 404]);
      expect(server.folder.list()).toEqual(["a", "b", "sub"]);
    },
  },
  {
    what: "PUT of a name that is taken, with `--manage`",
    answer: "204, and what was there is in `.trash`",
    options: MANAGED,
    sent: [request("PUT /a", [], "abc")],
    statuses: [204],
    check(server) {
      expect(server.folder.read("a")).toBe("abc");
      expect(trash(server)).toEqual({ a: "the content" });
    },
  },
  {
    what: "LOCK and UNLOCK, and `If` with a lock",
    answer: "405, 412: there are no locks (class 2)",
    options: MANAGED,
    async check(server) {
      expect(
        await statusesFor(server, [
          ["LOCK /a", []],
          ["DELETE /a", ["If: (<urn:uuid:1>)"]],
        ]),
      ).toEqual([405, 412]);
      expect(server.folder.list()).toEqual(["a", "b"]);
    },
  },
  {
    what: "a change by another site's page; WebDAV's methods without `--manage`",
    answer: "403; 405",
    options: MANAGED,
    async check(server) {
      const foreign = ["Origin: http://evil.example"];
      expect(
        await statusesFor(server, [
          ["DELETE /a", foreign],
          ["MKCOL /c", foreign],
          ["MOVE /a", [...foreign, "Destination: /c"]],
        ]),
      ).toEqual([403, 403, 403]);
      expect(server.folder.list()).toEqual(["a", "b"]);
    },
  },
];
