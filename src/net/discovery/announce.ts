// Announces a server on the networks of this machine by DNS-SD, so that others find it without its address. The driver of
// responder.ts: sockets and timers. Nothing here fails for want of a network, and none of it keeps a program running.

import { type Multicast, networkAddresses, openMulticast } from "./multicast.ts";
import { createResponder, MDNS_PORT } from "./responder.ts";
import { asLabel, type Service } from "./service.ts";

export { asLabel };

/** How often to look for other networks, ms: people carry their machines about. */
const LOOK_EVERY = 5_000;

const clock = () => performance.now();

/**
 * @param listensOn whether the server is reached at an address of this machine
 * @returns whose disposal says goodbye
 */
export function announce(
  service: Service,
  listensOn: (address: string) => boolean,
): AsyncDisposable {
  const responder = createResponder(service, clock(), Math.random);
  let multicast: Multicast | null = null;
  let addresses = "";
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;

  function wake(): void {
    clearTimeout(timer);
    const next = multicast === null ? null : responder.nextTimeout;
    if (hasEnded || next === null) return;
    timer = setTimeout(
      () => {
        for (const sending of responder.expire(clock())) multicast?.send(sending);
        wake();
      },
      Math.max(0, next - clock()),
    );
    timer.unref();
  }

  async function join(): Promise<void> {
    const found = networkAddresses().filter(listensOn);
    if (found.join() === addresses || hasEnded) return;
    addresses = found.join();
    multicast?.[Symbol.dispose]();
    multicast = null;
    const opened = await openMulticast({
      addresses: found,
      port: MDNS_PORT,
      onMessage(message, from) {
        for (const sending of responder.receive(message, from, clock())) multicast?.send(sending);
        wake();
      },
    });
    if (hasEnded) return opened[Symbol.dispose]();
    multicast = opened;
    responder.claim(clock());
    wake();
  }

  let joining = join();
  const looking = setInterval(() => {
    joining = joining.then(join);
  }, LOOK_EVERY);
  looking.unref();

  return {
    async [Symbol.asyncDispose]() {
      hasEnded = true;
      clearInterval(looking);
      clearTimeout(timer);
      await joining;
      for (const sending of responder.end()) multicast?.send(sending);
      await multicast?.flushed();
      multicast?.[Symbol.dispose]();
    },
  };
}
