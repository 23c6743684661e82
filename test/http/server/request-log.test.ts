import { expect, test } from "bun:test";

import { jsonLogLine, logLine, type RequestEntry } from "../../../src/http/server/request-log.ts";

const ENTRY: RequestEntry = {
  time: Date.UTC(2026, 10, 27, 20, 45, 3),
  duration: 12.3456,
  client: "192.0.2.7",
  user: "ana",
  method: "GET",
  target: "/a?b",
  version: "1.1",
  host: "localhost:8000",
  referer: "http://localhost:8000/",
  agent: 'curl/8 "x"',
  status: 200,
  sent: 1_024,
  isAborted: false,
};

const COMMON =
  /^192\.0\.2\.7 - ana \[2[78]\/Nov\/2026:\d\d:\d\d:03 [+-]\d{4}\] "GET \/a\?b HTTP\/1\.1" 200 1024/;

test("a line has the seven fields of Common Log Format, and then how long it took", () => {
  expect(logLine(ENTRY, "common")).toMatch(new RegExp(`${COMMON.source}$`));
  expect(logLine(ENTRY, "timed")).toMatch(new RegExp(`${COMMON.source} 12ms$`));
  const aborted = { ...ENTRY, isAborted: true };
  expect(logLine(aborted, "timed")).toMatch(new RegExp(`${COMMON.source} 12ms aborted$`));
});

test("Combined Log Format adds Referer and User-Agent", () => {
  expect(logLine(ENTRY, "combined")).toEndWith(
    ' 200 1024 "http://localhost:8000/" "curl/8 \\x22x\\x22"',
  );
  expect(logLine({ ...ENTRY, referer: null, agent: null }, "combined")).toEndWith(
    ' 200 1024 "-" "-"',
  );
});

test("an unknown value is a hyphen, and so is what was no request", () => {
  const line = logLine({ ...ENTRY, client: null, user: null, version: null }, "common");
  expect(line).toStartWith("- - - [");
  expect(line).toEndWith('] "-" 200 1024');
});

test("what a client sends is escaped, so that it can forge no field and sends no control character", () => {
  const target = '/"\\\n\x1b[2J\u202eé';
  const line = logLine({ ...ENTRY, user: "a b]", target, agent: '"\n' }, "combined");
  expect(line).toContain('"GET /\\x22\\x5c\\x0a\\x1b[2J\\xe2\\x80\\xae\\xc3\\xa9 HTTP/1.1"');
  expect(line).toContain(" a\\x20b] [");
  expect(line).toEndWith(' "\\x22\\x0a"');
  expect(jsonLogLine({ ...ENTRY, target }).split("\n")).toHaveLength(1);
});

test("the JSON object has all of it", () => {
  expect(JSON.parse(jsonLogLine(ENTRY))).toEqual({
    type: "request",
    time: "2026-11-27T20:45:03.000Z",
    ms: 12.346,
    client: "192.0.2.7",
    user: "ana",
    method: "GET",
    target: "/a?b",
    version: "1.1",
    host: "localhost:8000",
    referer: "http://localhost:8000/",
    agent: 'curl/8 "x"',
    status: 200,
    sent: 1_024,
    aborted: false,
  });
});
