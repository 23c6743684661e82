// What a command prints, where it can't be written: a full disk is a failure, a reader that has enough is none (docs/errors.md).

import { describe, expect } from "bun:test";
import { existsSync } from "node:fs";

import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { MAIN, run } from "../harness/program.ts";

/** Commands that print on stdout, whatever there is on this machine. */
const COMMANDS = [
  "--version",
  "-q --version",
  "--help",
  "get --help",
  "completion bash",
  "id",
  "id --json",
  "doctor",
  "doctor --json",
];

/** A shell in which "$@" is charla. */
async function inShell(script: string) {
  using ann = newPerson();
  return await run(["sh", "-c", script, "sh", process.execPath, MAIN], { as: ann });
}

describe("a command whose output can't be written", () => {
  for (const command of COMMANDS) {
    if (existsSync("/dev/full")) {
      endToEnd(`charla ${command} says so and ends with status 1`, async () => {
        const { stderr, status } = await inShell(`exec "$@" ${command} >/dev/full`);
        const errors = stderr.split("\n").filter((line) => line.startsWith("charla: "));
        expect(errors).toEqual([
          "charla: cannot write to stdout: ENOSPC: no space left on device, write",
        ]);
        expect(status).toBe(1);
      });
    }

    endToEnd(`charla ${command} ends with status 0 if its reader has ended`, async () => {
      const { stderr, status } = await inShell(
        `{ sleep 0.2; "$@" ${command}; echo status=$? >&2; } | true`,
      );
      expect(stderr.replace(/^made your key: .*\n/, "")).toBe("status=0\n");
      expect(status).toBe(0);
    });
  }
});

endToEnd("a reader that begins late gets all of a long text", async () => {
  const { stdout, status } = await inShell(`"$@" completion bash | { sleep 0.2; cat; }`);
  const { stdout: direct } = await inShell(`exec "$@" completion bash`);
  expect(stdout).toBe(direct);
  expect(direct).toContain("complete ");
  expect(status).toBe(0);
});
