// Networks that change under a conversation: it goes on, by the best path that there is, and says which.

import { FULL_SIZE } from "../harness/full-size.ts";
import { openFlow, startRelay } from "./flow.ts";
import { openLab } from "./lab.ts";
import { testInLab } from "./machine.ts";

const RELAY = "relay.example";

if (FULL_SIZE) {
  testInLab(
    "a conversation is direct again after either router got another address, or both did, and loses nothing",
    [],
    async () => {
      await using lab = await openLab({ ana: "home", ben: "home", relay: "open" });
      const { ana, ben, relay } = lab.sides;
      await using _ = await startRelay(relay);
      await using flow = await openFlow(ana, ben, [RELAY], "direct");
      await flow.start();
      await flow.settles(() => ben.router.changeAddress(), "direct");
      await flow.settles(() => ana.router.changeAddress(), "direct");
      const both = [ana.router, ben.router];
      await flow.settles(() => Promise.all(both.map((router) => router.changeAddress())), "direct");
      await flow.stop();
    },
  );

  testInLab(
    "a conversation follows a host to the other's network, to another home, behind a symmetric NAT and back, and loses nothing",
    [],
    async () => {
      await using lab = await openLab({ ana: "home", ben: "home", relay: "open" });
      const { ana, ben, relay } = lab.sides;
      await using _ = await startRelay(relay);
      await using flow = await openFlow(ana, ben, [RELAY], "direct");
      await flow.start();
      await flow.settles(() => ben.moveTo({ beside: "ana" }), "direct");
      await flow.settles(() => ben.moveTo("home"), "direct");
      await flow.settles(() => ben.moveTo({ beside: "ana" }), "direct");
      await flow.settles(() => ben.moveTo("symmetric"), RELAY);
      await flow.stop();
    },
  );

  testInLab("a conversation follows a server to another home, and loses nothing", [], async () => {
    await using lab = await openLab({ ana: "home", ben: "home", relay: "open" });
    const { ana, ben, relay } = lab.sides;
    await using _ = await startRelay(relay);
    await using flow = await openFlow(ana, ben, [RELAY], "direct");
    await flow.start();
    await flow.settles(() => ana.moveTo("home"), "direct");
    await flow.stop();
  });

  testInLab(
    "a network that changed while nothing was said is noticed at the first word, and the conversation is direct again",
    [],
    async () => {
      await using lab = await openLab({ ana: "home", ben: "home", relay: "open" });
      const { ana, ben, relay } = lab.sides;
      await using _ = await startRelay(relay);
      await using flow = await openFlow(ana, ben, [RELAY], "direct");
      await ben.router.changeAddress();
      await Bun.sleep(1_000);
      await flow.settles(async () => void flow.start(), "direct");
      await flow.stop();
      await ana.router.changeAddress();
      // Its server shows itself at the relay each 5 s.
      await Bun.sleep(6_000);
      await flow.settles(async () => void flow.start(), "direct");
      await flow.stop();
    },
  );

  testInLab(
    "a conversation goes on through the relay after its direct path died, and directly when that is open again",
    [],
    async () => {
      await using lab = await openLab({ ana: "home", ben: "home", relay: "open" });
      const { ana, ben, relay } = lab.sides;
      await using _ = await startRelay(relay);
      await using flow = await openFlow(ana, ben, [RELAY], "direct");
      await flow.start();
      const { ipv4 } = ana.outer;
      await flow.settles(async () => {
        await ben.router.block(`ip saddr ${ipv4}`);
        await ben.router.block(`ip daddr ${ipv4}`);
      }, RELAY);
      await flow.settles(() => ben.router.unblock(), "direct");
      await flow.stop();
    },
  );
}
