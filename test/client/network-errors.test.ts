// Errors of the network are passing (docs/errors.md): a session lives through them, and a join is tried again. The
// kernel makes them: in a network namespace, on Linux.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { hasNarrowNetworks } from "../harness/narrow-network.ts";
import { run } from "../harness/program.ts";

test.skipIf(!hasNarrowNetworks())(
  "EACCES, EHOSTUNREACH and EINVAL from a send, or a name server that does not answer, end neither a session nor a join",
  async () => {
    const program = join(import.meta.dir, "in-blocked-network.ts");
    const hosts = `f=$(mktemp) && mount --bind "$f" /etc/hosts && rm "$f"`;
    const command = `${hosts} && exec "${process.execPath}" "${program}"`;
    const ended = await run(["unshare", "--map-root-user", "-nm", "sh", "-c", command]);
    expect(ended.stderr).toBe("");
    const all = { prohibit: true, unreachable: true, blackhole: true };
    expect(JSON.parse(ended.stdout)).toEqual({
      heard: ["prohibit", "unreachable", "blackhole"],
      sessions: all,
      joins: all,
      besideAnother: "10.9.9.9",
      // Looked up again until it was found.
      found: "10.9.9.9",
      // On the plain wire a message that was not sent is lost, with an error; the conversation goes on.
      plain: {
        shown: { bare: ["hello", "again"], plain: ["welcome"] },
        error: "UNREACHABLE",
      },
      // After the time that any join takes at most, with the reason instead of "no answer".
      never: [
        {
          error: [
            "UNREACHABLE",
            "sending to 10.9.9.10:9 is not permitted",
            "check the firewall of this machine, and those on the way",
          ],
          waited: true,
        },
        {
          error: [
            "UNREACHABLE",
            'cannot look up "nobody.example": no name server answers',
            "check this machine's network connection",
          ],
          waited: true,
        },
      ],
    });
  },
  30_000,
);

test.skipIf(!hasNarrowNetworks())(
  "a join that is aborted between two lookups fails with the reason of its signal",
  async () => {
    const connect = join(import.meta.dir, "../../src/client/connect.ts");
    const program = `
      import { connect } from ${JSON.stringify(connect)};
      const signal = AbortSignal.timeout(100);
      const target = [{ kind: "direct", host: "nobody.example", port: 9 }];
      console.log(await connect(target, { signal }).catch((error) => error === signal.reason));`;
    const ended = await run(["unshare", "--map-root-user", "-n", process.execPath, "-e", program]);
    expect([ended.stderr, ended.stdout]).toEqual(["", "true\n"]);
  },
  30_000,
);
