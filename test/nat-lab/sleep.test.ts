// Long silences: programs that sleep as a closed laptop does, and routers that have forgotten what was silent.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { type Flow, openFlow, startJoiner, startRelay, startServer } from "./flow.ts";
import { openLab } from "./lab.ts";
import { testInLab } from "./machine.ts";

/** ms for which a program sleeps: longer than a session lives in silence, and than routers remember. */
const SLEEP = 90_000;
/** s for which the routers do: 5 min of silence at a carrier's 25 s are as many times that as 90 s are here. */
const UDP_TIMEOUT = 25;
const CARRIER_TIMEOUT = 7;
const RELAY = "relay.example";

/** One program sleeps while both ends go on talking; all of it arrives when that one is awake again. */
async function sleeps(flow: Flow, who: "server" | "joiner"): Promise<void> {
  const program = flow[who];
  for (let count = 0; count < 5; count += 1) flow.say();
  await Bun.sleep(500);
  program.signal("SIGSTOP");
  for (let count = 0; count < 9; count += 1) {
    flow.say();
    await Bun.sleep(SLEEP / 9);
  }
  program.signal("SIGCONT");
  flow.say();
  await flow.stop();
}

if (FULL_SIZE) {
  testInLab(
    "after a sleep of 90 s everything arrives once and in order, and a silent server behind a carrier's NAT can be joined",
    [],
    async () => {
      const short = { udpTimeout: UDP_TIMEOUT };
      await using lab = await openLab({
        ana: { kind: "home", ...short },
        ben: { kind: "home", ...short },
        cleo: { kind: "symmetric", ...short },
        dan: { kind: "symmetric", ...short },
        eva: { kind: "carrier", udpTimeout: CARRIER_TIMEOUT },
        fay: { kind: "symmetric", ...short },
        relay: "open",
      });
      const { ana, ben, cleo, dan, eva, fay, relay } = lab.sides;
      await using _relay = await startRelay(relay);
      const [direct, relayed, silent] = await Promise.all([
        openFlow(ana, ben, [RELAY], "direct"),
        openFlow(cleo, dan, [RELAY], RELAY),
        startServer(eva, [RELAY]),
      ]);
      const { program, invitation } = silent;
      await using programs = new AsyncDisposableStack();
      for (const one of [direct, relayed, program]) programs.use(one);
      await Promise.all([sleeps(direct, "joiner"), sleeps(relayed, "server")]);
      await using joiner = startJoiner(fay, invitation);
      await joiner.until("stdout", `"relay":"${RELAY}"`);
      expect(program.stdout).toContain('{"type":"joined"');
      expect(program.stdout).not.toContain('"code":"RELAY_LOST"');
    },
    150_000,
  );
}
