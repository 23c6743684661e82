import { describe, expect } from "bun:test";

import { testWith } from "../harness/peer-programs.ts";
import { run } from "../harness/program.ts";
import { testFreeTalk } from "./free-talk.ts";
import { anyPort, command } from "./lesson.ts";

const TALK = "5-all-in-one/talk";

testFreeTalk("step 5, all in one", {
  server: (language, address) => command(language, TALK, "--server", ...anyPort(language, address)),
  client: (language, address, port) => command(language, TALK, "--client", address, port),
});

describe("step 5, misused", () => {
  for (const wrong of [[], ["--serve"], ["-h"], ["localhost"], ["12345", "--server"]]) {
    const title = `With the arguments (${wrong.join(" ")}) it prints its usage and fails.`;
    testWith([], title, async () => {
      expect(await run(command("TypeScript", TALK, ...wrong))).toEqual({
        stdout: "",
        stderr: "usage: bun steps/5-all-in-one/talk.ts [--server|--client]\n",
        status: 2,
      });
    });
  }
});
