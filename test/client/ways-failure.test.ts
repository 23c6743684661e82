import { describe, expect, test } from "bun:test";

import { describeWaysFailure } from "../../src/client/ways-failure.ts";
import { CharlaError, type ErrorCode } from "../../src/errors.ts";

const failed = (way: string, code: ErrorCode, privateElsewhere: string | null = null) => ({
  way,
  error: new CharlaError(code, `${code} at ${way}`, `hint for ${code}`),
  privateElsewhere,
});
const says = (...failures: Parameters<typeof describeWaysFailure>[0]) => {
  const { code, message, hint } = describeWaysFailure(failures);
  return { code, message, hint };
};

describe("why none of the ways leads to the server", () => {
  const ELSEWHERE =
    "join from the same network, or ask for an invitation that leads into it: charla --server --relay HOST, or --public-host NAME";

  test("the error of the only way stays as it is", () => {
    expect(says(failed("h:1", "NO_ANSWER"))).toEqual({
      code: "NO_ANSWER",
      message: "NO_ANSWER at h:1",
      hint: "hint for NO_ANSWER",
    });
  });

  test("a private address of another network is said to be one", () => {
    expect(says(failed("192.168.1.5:1", "NO_ANSWER", "192.168.1.5"))).toEqual({
      code: "NO_ANSWER",
      message:
        "NO_ANSWER at 192.168.1.5:1 (192.168.1.5 is private: it reaches only its own network)",
      hint: ELSEWHERE,
    });
  });

  test("of several ways each is said, and the code is that of the first that may have led to the server", () => {
    expect(
      says(
        failed("192.168.1.5:1", "NOBODY_LISTENING", "192.168.1.5"),
        failed("203.0.113.5:1", "NO_ANSWER"),
        { way: "[2001:db8::1]:1", error: null, privateElsewhere: null },
      ),
    ).toEqual({
      code: "NO_ANSWER",
      message:
        "none of the 3 ways leads to the server: NOBODY_LISTENING at 192.168.1.5:1 (192.168.1.5 is private: it reaches only its own network); NO_ANSWER at 203.0.113.5:1; nothing can be sent to [2001:db8::1]:1",
      hint: "check that charla --server still runs there; a firewall on the way may drop UDP",
    });
  });

  test("where all are private addresses of other networks, the hint is what leads into one", () => {
    const failures = [
      failed("192.168.1.5:1", "NO_ANSWER", "192.168.1.5"),
      failed("10.0.0.5:1", "UNREACHABLE", "10.0.0.5"),
    ];
    expect(says(...failures)).toMatchObject({ code: "NO_ANSWER", hint: ELSEWHERE });
  });

  test.each(["WRONG_SECRET", "CONVERSATION_FULL", "OTHER_VERSION", "SERVER_KEY_CHANGED"] as const)(
    "%s of one way is the answer, unless it comes from a private address of another network",
    (code) => {
      const silent = failed("h:1", "NO_ANSWER");
      expect(says(silent, failed("g:1", code)).message).toBe(`${code} at g:1`);
      expect(says(silent, failed("10.0.0.5:1", code, "10.0.0.5"))).toMatchObject({
        code: "NO_ANSWER",
        message: expect.stringContaining("none of the 2 ways leads to the server"),
      });
    },
  );

  test("that one way is of another server counts less than what the server itself says", () => {
    const failures = [failed("h:1", "SERVER_KEY_CHANGED"), failed("g:1", "WRONG_SECRET")];
    expect(says(...failures).code).toBe("WRONG_SECRET");
  });
});
