import { expect, test } from "bun:test";

import { formatCheck, formatCheckAsJson, note, ok, problem } from "../../src/doctor/report.ts";

test("a check is printed as a mark, a sentence and a hint", () => {
  expect(formatCheck(ok("loss", "none was lost"), false)).toBe("ok       none was lost");
  expect(formatCheck(note("loss", "one was lost", "go nearer"), false)).toBe(
    "note     one was lost\n         hint: go nearer",
  );
  expect(formatCheck(problem("loss", "all were", "go home"), false)).toBe(
    "problem  all were\n         hint: go home",
  );
});

test("the mark of a check is coloured when colours are on", () => {
  expect(formatCheck(ok("loss", "none"), true)).toBe("\x1b[32mok       \x1b[0mnone");
  expect(formatCheck(note("loss", "one", "go"), true)).toStartWith("\x1b[33mnote     \x1b[0mone\n");
  expect(formatCheck(problem("loss", "all", "go"), true)).toStartWith("\x1b[31mproblem  \x1b[0m");
});

test("control characters in a check are escaped", () => {
  expect(formatCheck(note("nat", "at \x1b[2J\n", "do \x07"), false)).toBe(
    "note     at ^[[2J^J\n         hint: do ^G",
  );
});

test("with --json a check is one JSON object", () => {
  expect(formatCheckAsJson(note("loss", "one", "go", { lost: 1 }))).toBe(
    '{"type":"check","name":"loss","status":"note","message":"one","hint":"go","value":{"lost":1}}',
  );
  expect(formatCheckAsJson(ok("loss", "none"))).toBe(
    '{"type":"check","name":"loss","status":"ok","message":"none"}',
  );
});
