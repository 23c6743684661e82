// The relays at which a server registers, as the command line and the config file name them.

import { expect, mock, test } from "bun:test";
import * as dns from "node:dns/promises";

import { relayRegistrations } from "../../src/cli/relays.ts";
import { rejection } from "../net/rejection.ts";

test("the look-up of a relay that no name server answers ends when the server is stopped", async () => {
  const real = { ...dns };
  void mock.module("node:dns/promises", () => ({ ...real, lookup: () => new Promise(() => {}) }));
  try {
    const relays = [{ host: "relay.example", port: 12_345 }];
    const [options] = relayRegistrations(relays, {}, () => {}).options;
    const stopping = new AbortController();
    const reached = rejection(options?.reach(0, stopping.signal) ?? Promise.resolve());
    stopping.abort("stopped");
    expect(await reached).toBe("stopped");
  } finally {
    void mock.module("node:dns/promises", () => real);
  }
});
