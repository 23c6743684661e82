import { expect, test } from "bun:test";

import { defer } from "../../src/deferred.ts";
import { LARGE_RECEIVE_BUFFER } from "../../src/net/socket-options.ts";
import type { UdpSocketOptions } from "../../src/net/udp-socket.ts";
import { open } from "./watched-socket.ts";

/** How many of 10,000 datagrams sent in one turn of the event loop arrive. */
async function receivedOfBurst(options: Partial<UdpSocketOptions>): Promise<number> {
  let count = 0;
  const last = defer<void>();
  using one = await open("127.0.0.1", 0, {
    ...options,
    onDatagram(datagram) {
      if (datagram.length === 1) last.resolve();
      else count += 1;
    },
  });
  using other = await open("127.0.0.1");
  const to = one.socket.address;
  const hundred = Array.from({ length: 100 }, () => ({ bytes: new Uint8Array(1_200), to }));
  for (let sent = 0; sent < 10_000; sent += 100) other.socket.sendMany(hundred);
  // Once something of the burst was received, there is space for this one again.
  const end = setInterval(() => other.socket.sendMany([{ bytes: new Uint8Array(1), to }]), 20);
  await last.promise;
  clearInterval(end);
  return count;
}

// Only where the option's number is known. Linux allows at least twice its default, whatever its limit.
test.skipIf(!["linux", "darwin"].includes(process.platform))(
  "a large receive buffer holds more of a burst, and the socket says how large it became",
  async () => {
    using plain = await open("127.0.0.1");
    using large = await open("127.0.0.1", 0, { receiveBuffer: LARGE_RECEIVE_BUFFER });
    using small = await open("127.0.0.1", 0, { receiveBuffer: 8_192 });
    expect(plain.socket.receiveBuffer).toBeNull();
    expect(large.socket.receiveBuffer).toBeGreaterThan(small.socket.receiveBuffer ?? Infinity);
    const usual = await receivedOfBurst({});
    expect(await receivedOfBurst({ receiveBuffer: LARGE_RECEIVE_BUFFER })).toBeGreaterThan(usual);
  },
);

test("a socket allows fragmentation unless dontFragment is wanted", async () => {
  using one = await open();
  expect(one.socket.dontFragment).toBe(false);
});
