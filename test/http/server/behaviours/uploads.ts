// Uploads: PUT, and those that go on after an interruption (tus 1.0.0).

import { expect } from "bun:test";

import type { OnConflict } from "../../../../src/http/server/upload/new-file.ts";
import type { ServeOptions } from "../../../harness/file-server.ts";
import { request, type Row, statusesOf, stored, talk } from "./row.ts";

const uploads = (onConflict: OnConflict = "refuse"): ServeOptions => ({
  upload: { onConflict, limit: 100 },
});
const TUS = "Tus-Resumable: 1.0.0";
const OFFSET_TYPE = "Content-Type: application/offset+octet-stream";
/** "c" in Base64. */
const NAMED = "Upload-Metadata: filename Yw==";

export const UPLOADS: readonly Row[] = [
  {
    what: "PUT of a new file",
    answer: "201 with its `Location`, when it is on the disk",
    options: uploads(),
    sent: [request("PUT /c%20d", [], "abc")],
    statuses: [201],
    check(server, received) {
      expect(received).toContain("\r\nlocation: /c%20d\r\n");
      expect(server.folder.read("c d")).toBe("abc");
    },
  },
  {
    what: "PUT of a name that is taken",
    answer: "409",
    options: uploads(),
    sent: [request("PUT /a", [], "abc")],
    statuses: [409],
    check: (server) => expect(server.folder.read("a")).toBe("the content"),
  },
  {
    what: "the same with `--on-conflict rename`",
    answer: "201 with another name as `Location`",
    options: uploads("rename"),
    sent: [request("PUT /a", [], "abc")],
    statuses: [201],
    check(server, received) {
      expect(received).toContain("\r\nlocation: /a%20(1)\r\n");
      expect(server.folder.read("a (1)")).toBe("abc");
    },
  },
  {
    what: "the same with `--on-conflict replace`",
    answer: "204",
    options: uploads("replace"),
    sent: [request("PUT /a", [], "abc")],
    statuses: [204],
    check: (server) => expect(server.folder.read("a")).toBe("abc"),
  },
  {
    what: "PUT to a folder that is not there, of a name that no file may have, or of a part",
    answer: "409, 400, 400",
    options: uploads(),
    async check(server) {
      for (const [start, lines, status] of [
        ["PUT /none/c", [], 409],
        ["PUT /.c", [], 400],
        ["PUT /c/", [], 400],
        ["PUT /c", ["Content-Range: bytes 0-2/5"], 400],
        ["PUT /c", ["Content-Encoding: gzip"], 415],
      ] as const) {
        expect([
          start,
          statusesOf(await talk(server, [request(start, lines, "abc"), "END"])),
        ]).toEqual([start, [status]]);
      }
      expect(stored(server)).toEqual([]);
    },
  },
  {
    what: "an upload of another site's page: `Sec-Fetch-Site`, `Origin`",
    answer: "403",
    options: uploads(),
    sent: [
      request("PUT /c", ["Sec-Fetch-Site: cross-site"], "abc"),
      request("PUT /c", ["Origin: http://evil.example"], "abc"),
      request("POST /", [TUS, "Upload-Length: 3", NAMED, "Origin: null"]),
    ],
    statuses: [403],
    check: (server) => expect(stored(server)).toEqual([]),
  },
  {
    what: "POST to a folder with `Tus-Resumable: 1.0.0`, a length and a name",
    answer: "201 with the upload's `Location`, and the file's `Content-Location` as it will be",
    options: uploads(),
    sent: [request("POST /", [TUS, "Upload-Length: 3", NAMED])],
    statuses: [201],
    check(server, received) {
      expect(received).toMatch(/\r\nlocation: \/\?upload=[\da-f]{32}\r\n/);
      expect(received).toContain("\r\nupload-offset: 0\r\n");
      expect(received).toContain("\r\ncontent-location: /c\r\n");
      expect(stored(server).every((name) => name.startsWith(".charla-upload-"))).toBe(true);
    },
  },
  {
    what: "the same with a name that is taken, a file that is too large, or another version of tus",
    answer: "409, 413, 412, before a byte is sent",
    options: uploads(),
    async check(server) {
      for (const [lines, status] of [
        [[TUS, "Upload-Length: 3", "Upload-Metadata: filename YQ=="], 409],
        [[TUS, "Upload-Length: 101", NAMED], 413],
        [["Tus-Resumable: 0.2.2", "Upload-Length: 3", NAMED], 412],
      ] as const) {
        expect(statusesOf(await talk(server, [request("POST /", lines), "END"]))).toEqual([status]);
      }
      expect(stored(server)).toEqual([]);
    },
  },
  {
    what: "PATCH of an upload, HEAD of it after an interruption, and PATCH with the rest",
    answer: "204 with `Upload-Offset`, 200 with it, 204 with the file's `Content-Location`",
    options: uploads(),
    async check(server) {
      const created = await talk(server, [
        request("POST /", [TUS, "Upload-Length: 6", NAMED]),
        "END",
      ]);
      const [, place = ""] = /\r\nlocation: (\S+)/.exec(created) ?? [];
      const patch = (offset: number, body: string) =>
        talk(server, [
          request(`PATCH ${place}`, [TUS, OFFSET_TYPE, `Upload-Offset: ${offset}`], body),
          "END",
        ]);
      expect(await patch(0, "abc")).toContain("\r\nupload-offset: 3\r\n");
      const head = await talk(server, [request(`HEAD ${place}`, [TUS]), "END"]);
      expect(head).toMatch(/^HTTP\/1\.1 200 [^]*\r\nupload-offset: 3\r\n[^]*upload-length: 6\r\n/);
      expect(statusesOf(await patch(0, "abc"))).toEqual([409]);
      expect(await patch(3, "def")).toMatch(/^HTTP\/1\.1 204 [^]*\r\ncontent-location: \/c\r\n/);
      expect(stored(server)).toEqual(["c"]);
      expect(server.folder.read("c")).toBe("abcdef");
    },
  },
];
