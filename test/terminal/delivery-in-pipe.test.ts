// A program in a pipe, in a conversation that reports when a message has been delivered. The test makes up
// the events.

import { expect, test } from "bun:test";

import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { start } from "../harness/program.ts";
import { openScript } from "./script.ts";

const delivered = { type: "delivered", text: "", sequence: 1 } as const;
const input = Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join("");

test(
  "256 lines are on their way at once, and the end waits until all are delivered",
  async () => {
    using script = await openScript();
    script.emit({ type: "joining", peer: "192.0.2.1:12345" });
    await using program = start(script.command, { input });
    await script.received(256);
    script.emit(delivered, { type: "silent", seconds: 3 });
    // Events are handled in order: once this is shown, those before it are done.
    await program.until("stderr", "no contact for 3 s\n");
    await script.received(257);
    expect(script.sent).toHaveLength(257);
    for (let count = 1; count < 300; count += 1) {
      await script.received(count + 1);
      script.emit(delivered);
    }
    expect(await program.exited).toBe(0);
    expect(script.sent.map((text) => `${text}\n`).join("")).toBe(input);
    expect(program.stderr).toBe(
      'talking to 192.0.2.1:12345; "bye" ends it\n' +
        "no contact for 3 s\nthe conversation is over: you left\n",
    );
  },
  END_TO_END_TIMEOUT,
);

test(
  "lines still pending at the end may not have been delivered, and the status says so",
  async () => {
    using script = await openScript();
    await using program = start(script.command, { input: "one\ntwo\nthree\n" });
    await script.received(3);
    script.emit(delivered, { type: "ended", reason: "heard-bye", unsaid: [] });
    expect(await program.exited).toBe(1);
    expect(program.stderr).toBe(
      "the conversation is over: the other end said bye\n" +
        "may not have been delivered: two\nmay not have been delivered: three\n",
    );
  },
  END_TO_END_TIMEOUT,
);

test(
  "a silence and its end are shown on a line each, and not with --quiet",
  async () => {
    for (const quiet of [false, true]) {
      using script = await openScript({ quiet });
      await using program = start(script.command);
      script.emit(
        { type: "silent", seconds: 12 },
        { type: "heard", seconds: 31 },
        { type: "message", from: "192.0.2.1:5000", text: "hello" },
      );
      await program.until("stdout", "hello\n");
      expect(program.stderr).toBe(
        quiet ? "" : "no contact for 12 s\nin contact again after 31 s\n",
      );
    }
  },
  END_TO_END_TIMEOUT,
);
