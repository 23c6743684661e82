import { expect, test } from "bun:test";

import { commonLogLine, jsonLogLine } from "../../../src/http/server/request-log.ts";

const ENTRY = {
  time: Date.UTC(2026, 10, 27, 20, 45, 3),
  client: "192.0.2.7",
  user: "ana",
  method: "GET",
  target: "/a?b",
  status: 200,
  length: 1_024,
};

test("a line has the seven fields of Common Log Format", () => {
  expect(commonLogLine(ENTRY)).toMatch(
    /^192\.0\.2\.7 - ana \[2[78]\/Nov\/2026:\d\d:\d\d:03 [+-]\d{4}\] "GET \/a\?b HTTP\/1\.1" 200 1024$/,
  );
});

test("an unknown value is a hyphen", () => {
  const line = commonLogLine({ ...ENTRY, client: null, user: null, length: null });
  expect(line).toStartWith("- - - [");
  expect(line).toEndWith(" 200 -");
});

test("what a client sends is escaped, so that it can forge no field and sends no control character", () => {
  const target = '/"\\\n\x1b[2J\u202eé';
  const line = commonLogLine({ ...ENTRY, user: "a b]", target });
  expect(line).toContain('"GET /\\x22\\x5c\\x0a\\x1b[2J\\xe2\\x80\\xae\\xc3\\xa9 HTTP/1.1"');
  expect(line).toContain(" a\\x20b] [");
  expect(jsonLogLine({ ...ENTRY, target }).split("\n")).toHaveLength(1);
  expect(JSON.parse(jsonLogLine({ ...ENTRY, target }))).toMatchObject({ type: "request", target });
});
