// Relays that go and come back: those who talk through them lose nothing, and others get in.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { newPerson } from "../harness/person.ts";
import { openFlow, startJoiner, startRelay, startServer } from "./flow.ts";
import { openLab } from "./lab.ts";
import { testInLab } from "./machine.ts";

/** ms in which somebody is in a room, from the start of the program: long, for a busy machine. */
const JOINED_WITHIN = 5_000;

if (FULL_SIZE) {
  testInLab(
    "a relay that is stopped or killed, and started again, has both ends back, loses nothing, and lets others in",
    [],
    async () => {
      await using lab = await openLab({
        ana: "symmetric",
        ben: "symmetric",
        eva: "symmetric",
        relay: "open",
      });
      const { ana, ben, eva, relay } = lab.sides;
      using keeper = newPerson();
      let running = await startRelay(relay, keeper);
      await using flow = await openFlow(ana, ben, ["relay.example"], "relay.example");
      await flow.start();
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        await flow.settles(async () => {
          running.signal(signal);
          await running.exited;
          running = await startRelay(relay, keeper);
        }, "relay.example");
        const start = performance.now();
        await using joiner = startJoiner(eva, flow.invitation);
        await joiner.until("stdout", '{"type":"way"');
        expect(performance.now() - start).toBeLessThan(JOINED_WITHIN);
      }
      await flow.stop();
      await running[Symbol.asyncDispose]();
    },
  );

  testInLab(
    "a server to which nobody talks is back at its relay 6 s after that was killed and started again",
    [],
    async () => {
      await using lab = await openLab({ ana: "symmetric", ben: "symmetric", relay: "open" });
      const { ana, ben, relay } = lab.sides;
      using keeper = newPerson();
      const first = await startRelay(relay, keeper);
      const { program, invitation } = await startServer(ana, ["relay.example"]);
      await using _server = program;
      first.signal("SIGKILL");
      await first.exited;
      await using _second = await startRelay(relay, keeper);
      await Bun.sleep(6_000);
      await using joiner = startJoiner(ben, invitation);
      await joiner.until("stdout", '"relay":"relay.example"', JOINED_WITHIN);
      expect(program.stdout).toContain('"code":"RELAY_BACK"');
      expect(program.stdout).not.toContain('"code":"OTHER_WIRE"');
    },
  );

  testInLab(
    "the second relay takes over when the first is killed, loses nothing, and lets others in at once",
    [],
    async () => {
      await using lab = await openLab({
        ana: "symmetric",
        ben: "symmetric",
        eva: "symmetric",
        one: "open",
        two: "open",
      });
      const { ana, ben, eva, one, two } = lab.sides;
      const relays = { "one.example": await startRelay(one), "two.example": await startRelay(two) };
      await using first = relays["one.example"];
      await using second = relays["two.example"];
      const names = ["one.example", "two.example"];
      await using flow = await openFlow(ana, ben, names, null);
      await flow.start();
      const [used, other] =
        flow.path === "one.example" ? [first, "two.example"] : [second, "one.example"];
      await flow.settles(async () => used.signal("SIGKILL"), other);
      const start = performance.now();
      await using joiner = startJoiner(eva, flow.invitation);
      await joiner.until("stdout", `"relay":"${other}"`);
      expect(performance.now() - start).toBeLessThan(JOINED_WITHIN);
      await flow.stop();
    },
  );
}
