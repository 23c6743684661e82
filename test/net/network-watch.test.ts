import { expect, test } from "bun:test";

import { watchNetwork } from "../../src/net/network-watch.ts";

/** A network of which the test says what it is like. */
function watched() {
  const state = { addresses: ["192.168.1.5"], now: 0 };
  const changes: (readonly string[])[] = [];
  const watch = watchNetwork({
    onChanged: (addresses) => void changes.push(addresses),
    findAddresses: () => state.addresses,
    now: () => state.now,
  });
  return { state, changes, watch, [Symbol.dispose]: () => watch[Symbol.dispose]() };
}

test("another address of this machine is a change of its network, reported once", () => {
  using network = watched();
  network.watch.check();
  expect(network.changes).toEqual([]);
  network.state.addresses = ["10.0.0.7"];
  network.watch.check();
  network.watch.check();
  expect(network.changes).toEqual([["10.0.0.7"]]);
  expect(network.watch.addresses).toEqual(["10.0.0.7"]);
});

test("that no address is left is a change, and that there is one again", () => {
  using network = watched();
  network.state.addresses = [];
  network.watch.check();
  network.state.addresses = ["192.168.1.5"];
  network.watch.check();
  expect(network.changes).toEqual([[], ["192.168.1.5"]]);
});

test("a sleep of 90 s is a change, also with the same addresses afterwards; a busy second is none", () => {
  using network = watched();
  network.state.now = 3_000;
  network.watch.check();
  expect(network.changes).toEqual([]);
  network.state.now += 90_000;
  network.watch.check();
  network.watch.check();
  expect(network.changes).toEqual([["192.168.1.5"]]);
});
