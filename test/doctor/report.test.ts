import { expect, test } from "bun:test";

import { note, ok, problem } from "../../src/doctor/check.ts";
import { writeCheck, writeCheckAsJson } from "../../src/doctor/report.ts";

test("a check is a mark, a sentence, and below it what to do", () => {
  expect(writeCheck(ok("loss", "none was lost"), false)).toBe("ok       none was lost");
  expect(writeCheck(note("loss", "one was lost", "go nearer"), false)).toBe(
    "note     one was lost\n         hint: go nearer",
  );
  expect(writeCheck(problem("loss", "all were", "go home"), false)).toBe(
    "problem  all were\n         hint: go home",
  );
});

test("its mark has a colour where there may be some", () => {
  expect(writeCheck(ok("loss", "none"), true)).toBe("\x1b[32mok       \x1b[0mnone");
  expect(writeCheck(note("loss", "one", "go"), true)).toStartWith("\x1b[33mnote     \x1b[0mone\n");
  expect(writeCheck(problem("loss", "all", "go"), true)).toStartWith("\x1b[31mproblem  \x1b[0m");
});

test("what others wrote into it is shown and not obeyed", () => {
  expect(writeCheck(note("nat", "at \x1b[2J\n", "do \x07"), false)).toBe(
    "note     at ^[[2J^J\n         hint: do ^G",
  );
});

test("for programs it is one object a line", () => {
  expect(writeCheckAsJson(note("loss", "one", "go", { lost: 1 }))).toBe(
    '{"type":"check","name":"loss","status":"note","message":"one","hint":"go","value":{"lost":1}}',
  );
  expect(writeCheckAsJson(ok("loss", "none"))).toBe(
    '{"type":"check","name":"loss","status":"ok","message":"none"}',
  );
});
