// Errors of the network are passing (docs/errors.md): a session lives through them, and a join is tried again. The
// kernel makes them: in a network namespace, on Linux.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { hasNarrowNetworks, inNarrowNetwork } from "../harness/narrow-network.ts";
import { run } from "../harness/program.ts";

test.skipIf(!hasNarrowNetworks())(
  "EACCES, EHOSTUNREACH and EINVAL from a send end neither a session nor a join",
  async () => {
    const program = join(import.meta.dir, "in-blocked-network.ts");
    const ended = await run(inNarrowNetwork(`${process.execPath} ${program}`));
    expect(ended.stderr).toBe("");
    const all = { prohibit: true, unreachable: true, blackhole: true };
    expect(JSON.parse(ended.stdout)).toEqual({
      heard: ["prohibit", "unreachable", "blackhole"],
      sessions: all,
      joins: all,
      besideAnother: "10.9.9.9",
      // On the plain wire a message that was not sent is lost, with an error; the conversation goes on.
      plain: {
        shown: { bare: ["hello", "again"], plain: ["welcome"] },
        error: "UNREACHABLE",
      },
      // After the time that any join takes at most, with the reason instead of "no answer".
      never: {
        error: [
          "UNREACHABLE",
          "sending to 10.9.9.10:9 is not permitted",
          "check the firewall of this machine, and those on the way",
        ],
        seconds: 8,
      },
    });
  },
  30_000,
);
